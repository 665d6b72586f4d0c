/** Explains why no native addon could be loaded, and what helps. */
import path from 'node:path';

/** A file that was looked for, and the error of opening it; without an error, it is not there. */
export interface Failure {
  file: string;
  error?: unknown;
}

interface Place {
  /** Whether genmi is part of a bundle. */
  bundled: boolean;
  /** The package's folder. */
  root: string;
  /** The addon's name in `genmi/binary/NAME`. */
  binary: string;
}

/** Names the platform, the files that were looked for with the error of each, and remedies, in this order. */
export function whyNotLoaded(failures: readonly Failure[], place: Place): string {
  return [
    `genmi could not load its native addon (${process.platform}-${process.arch}, Node ${process.version}).`,
    'Looked for:',
    ...failures.map(({ file, error }) => `  ${file}: ${reason(error)}`),
    ...remedy(failures, place),
  ].join('\n');
}

const reason = (error: unknown): string =>
  error === undefined ? 'not there' : (String((error as Error)?.message ?? error).split('\n')[0] as string);

const failedBy =
  (code: string) =>
  ({ error }: Failure): boolean =>
    (error as { code?: unknown } | undefined)?.code === code;

function remedy(failures: readonly Failure[], { bundled, root, binary }: Place): string[] {
  if (failures.some(failedBy('ERR_DLOPEN_DISABLED'))) {
    return (process.permission as unknown) === undefined
      ? ['Node was started with --no-addons, in its arguments or in NODE_OPTIONS. Start it without.']
      : ['Node was started with the permission model. Add --allow-addons to its arguments.'];
  }
  const hidden = failures.find(failedBy('ERR_ACCESS_DENIED'));
  if (hidden) {
    const flag = JSON.stringify(`--allow-fs-read=${hidden.file}`);
    return [`Node was started with the permission model. Add ${flag} to its arguments.`];
  }
  if (process.env.GENMI_BINARY) return ['The environment variable GENMI_BINARY names this file: unset it.'];
  if (bundled) {
    return [
      'genmi was put into a bundle, and the addon was left behind. Mark genmi as external in the bundler, so that Node',
      `loads it from node_modules; or copy the file of genmi/binary/${binary} beside the bundle as genmi.node.`,
    ];
  }
  if (process.platform === 'win32') return ['The package has this file for x64 and arm64: install genmi again.'];
  return [
    'No binary fits this machine. Compile one: it takes about two minutes, and needs a C++20 compiler and nothing else.',
    ...commandsToBuild(path.join(root, 'dist', 'cli', 'main.js')),
  ];
}

/** The commands that compile the addon of this copy. npx comes with Node, and finds copies in node_modules alone. */
function commandsToBuild(main: string): string[] {
  const { bun, deno, pnp } = process.versions;
  const command = `  ${JSON.stringify(process.execPath)} ${deno ? 'run -A ' : ''}${JSON.stringify(main)} build`;
  if (bun || deno || pnp) return [command];
  return ['  npx genmi build', 'Where npx does not find this copy of genmi:', command];
}
