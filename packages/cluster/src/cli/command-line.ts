/** The command that repeats a run. */
import type { FitValues } from './fitted-file.js';

interface CommandParts {
  readonly file: string;
  readonly values: FitValues;
  readonly model: string;
  readonly options: { readonly clusters: number };
}

/** The command with its defaults written out, so that it stays the same when they change. */
export function commandOf({ file, values, options, model }: CommandParts): string {
  const { columns, type, missing, header, json, resume, ...others } = values;
  const parts = ['npx genmi-cluster fit', quoted(file), '--clusters', `${options.clusters}`];
  for (const [name, value] of Object.entries({ ...others, clusters: undefined, model }))
    if (value !== undefined) parts.push(`--${name}`, quoted(`${value}`));
  for (const [name, list] of Object.entries({ columns, missing }))
    if (list !== undefined) parts.push(`--${name}`, quoted(list.map(inList).join(',')));
  for (const [name, each] of Object.entries(type ?? {})) parts.push('--type', quoted(`${name}=${each}`));
  if (header !== undefined) parts.push(header ? '--header' : '--no-header');
  return parts.join(' ');
}

const inList = (name: string) => (/^$|[",]|^\s|\s$/.test(name) ? `"${name.replaceAll('"', '""')}"` : name);

/** A word of a shell, in quotes where it needs them. */
const quoted = (text: string) => (/^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
