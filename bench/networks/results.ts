/** The file of figures: rows may be measured one after the other, on the same machine, into one file. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Machine } from '../machine.js';
import type { Figure } from './figures.js';
import type { Memory } from './memory.js';

export interface Results extends Machine {
  readonly figures: readonly Figure[];
  readonly memory: readonly Memory[];
}

/** Throws where a file has figures of another machine or of other versions: they cannot stand in one table. */
export function expectSameMachine(file: string, machine: Machine): void {
  const found = read(file);
  if (!found || JSON.stringify(facts(found)) === JSON.stringify(facts(machine))) return;
  throw new Error(
    `${file} has figures of another machine or of other versions: ${JSON.stringify(facts(found))}, here ${JSON.stringify(facts(machine))}. Remove it, or name another file.`,
  );
}

/** Writes figures; those of other rows and of other numbers of threads stay in the file. */
export function merge(file: string, results: Results, order: readonly string[]): void {
  const found = read(file);
  writeFileSync(
    file,
    `${JSON.stringify(
      {
        ...facts(results),
        figures: joined(found?.figures ?? [], results.figures, order),
        memory: joined(found?.memory ?? [], results.memory, order),
      },
      undefined,
      2,
    )}\n`,
  );
}

function joined<Line extends { readonly name: string; readonly threads: number }>(
  before: readonly Line[],
  after: readonly Line[],
  order: readonly string[],
): Line[] {
  const kept = before.filter(
    (line) => !after.some(({ name, threads }) => name === line.name && threads === line.threads),
  );
  const place = ({ name, threads }: Line) => 1000 * order.indexOf(name) - threads;
  return [...kept, ...after].sort((a, b) => place(a) - place(b));
}

function read(file: string): Results | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : undefined;
}

const facts = ({ processor, versions }: Machine): Machine => ({ processor, versions });
