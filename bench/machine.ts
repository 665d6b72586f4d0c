import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { info } from 'genmi';

/** What figures are worth nothing without: where and with what they were read. */
export interface Machine {
  readonly processor: string;
  readonly versions: Readonly<Record<string, string>>;
}

/** @param peers versions of what genmi is measured beside */
export function describeMachine(peers: Readonly<Record<string, string>>): Machine {
  return { processor: processor(), versions: { genmi: info().version, node: process.versions.node, ...peers } };
}

export function machineLine({ processor, versions }: Machine): string {
  return [processor, ...Object.entries(versions).map((nameAndVersion) => nameAndVersion.join(' '))].join(', ');
}

/** The processor that figures were read on: vendors sell generations under one name, so also its family and model. */
function processor(): string {
  const name = `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores`;
  const file = '/proc/cpuinfo';
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const field = (key: string) => text.match(new RegExp(`^${key}\\s*: (\\d+)$`, 'm'))?.[1];
  const family = field('cpu family');
  return family ? `${name} (family ${family}, model ${field('model')})` : name;
}
