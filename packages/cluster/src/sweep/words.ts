/** The names of options in messages on a sweep: the keys of its file. */
import type { OptionName, Words } from '../messages.js';

const belowData = ['format', 'types', 'separator', 'decimal', 'header', 'missing'];
const others = ['columns', 'label', 'scale', 'impute'];

/** @param file the file of the sweep */
export const wordsOf = (file: string): Words => ({
  option({ option, value }) {
    const entry = value === undefined ? option : `${option}: ${inYaml(value)}`;
    if (belowData.includes(option)) return `${entry} below data`;
    return others.includes(option) ? entry : undefined;
  },
  argument(name) {
    if (belowData.includes(name)) return `${file}, data.${name}`;
    if (others.includes(name)) return `${file}, ${name}`;
    return name === 'redis' ? '--redis' : name;
  },
});

function inYaml(value: NonNullable<OptionName['value']>): string {
  if (typeof value !== 'object') return `${value}`;
  return `{ ${Object.entries(value).map(([name, type]) => `'${name}': ${type}`)} }`;
}
