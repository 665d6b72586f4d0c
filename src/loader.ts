/** The native addon's file: where it may be, and the first one that this process can open. */
import { existsSync, readFileSync } from 'node:fs';
import nodeModule from 'node:module';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { notLoaded, outOfMemoryToLoad } from './errors.js';
import { libcOf } from './libc.js';
import { type Failure, whyNotLoaded } from './not-loaded.js';
import { version } from './version.js';

declare const __dirname: string; // in a bundle of CommonJS, where import.meta is empty

/** The folder of this file; within a bundle, the bundle's folder. */
export const here = import.meta.url ? path.dirname(fileURLToPath(import.meta.url)) : __dirname;

/** The package's own folder, from `src/` and from `dist/` alike. */
export const root = path.dirname(here);

const { platform, arch } = process;

/** On Linux, the C library that Node is linked with. */
export const libc = platform === 'linux' ? libcOf(process.execPath) : undefined;

/** The addon that `genmi build` compiled into the package. */
export const compiled = path.join(root, 'build', 'Release', 'genmi.node');

/** The addon that came with the package. */
const prebuilt = path.join(root, 'prebuilds', `${platform}-${arch}`, libc ? `genmi.${libc}.node` : 'genmi.node');

/** The addon that `genmi build` compiled for a package that is read-only. */
export const cached = path.join(
  process.env.XDG_CACHE_HOME || cacheFolder(),
  'genmi',
  `${version}-${platform}-${arch}${libc ? `-${libc}` : ''}`,
  'genmi.node',
);

/** The addon's name among the package's exports: `genmi/binary/NAME`. */
const binary = `${platform}-${arch}${libc === 'musl' ? '-musl' : ''}`;

/** The addon that was copied beside a bundle. */
const beside = path.join(here, 'genmi.node');

/** Whether this file is in the package; elsewhere a bundler has put it. */
function isInPackage(): boolean {
  try {
    return JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).name === 'genmi';
  } catch {
    return false;
  }
}

/** The files that may be the addon, the first one first; a file that the environment names is alone. */
function candidates(bundled: boolean): string[] {
  if (process.env.GENMI_BINARY) return [path.resolve(process.env.GENMI_BINARY)];
  return bundled ? [beside] : [compiled, prebuilt, cached];
}

/** Opens the addon. Throws GenmiError ERR_NATIVE_NOT_FOUND, ERR_OUT_OF_MEMORY. */
export function load(): { addon: unknown; file: string } {
  const bundled = !isInPackage();
  const failures: Failure[] = [];
  for (const file of candidates(bundled)) {
    try {
      if (!existsSync(file)) {
        failures.push({ file });
        continue;
      }
      return { addon: nodeModule.createRequire(file)(file), file };
    } catch (error) {
      if ((error as { code?: unknown } | undefined)?.code === 'ERR_OUT_OF_MEMORY') throw outOfMemoryToLoad(error);
      failures.push({ file, error });
    }
  }
  throw notLoaded(whyNotLoaded(failures, { bundled, root, binary }), failures.find(({ error }) => error)?.error);
}

/** The system's folder for caches. A user without a home has none: the package's own folder serves. */
function cacheFolder(): string {
  try {
    if (platform === 'win32') return process.env.LOCALAPPDATA || path.join(homedir(), 'AppData', 'Local');
    return path.join(homedir(), platform === 'darwin' ? 'Library/Caches' : '.cache');
  } catch {
    return path.join(root, '.cache');
  }
}
