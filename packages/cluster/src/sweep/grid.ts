/** The fits of a sweep: the combinations of lists of options, and fits that are named one by one. */
import type { GeminiName, Kernel } from 'genmi';
import { failed } from '../errors.js';
import { modelNamed } from '../estimators/index.js';
import type { FitChoice } from '../run/index.js';

/** The options of one fit. */
export interface Choice extends FitChoice {
  readonly model: string;
}

/** Lists of options, of which each combination is a fit. */
export interface Grid {
  readonly models: readonly string[];
  readonly clusters?: readonly number[] | undefined;
  readonly objective?: readonly GeminiName[] | undefined;
  readonly kernel?: readonly Kernel[] | undefined;
  readonly epochs?: readonly number[] | undefined;
  readonly restarts?: readonly number[] | undefined;
  readonly seed: readonly number[];
}

const MOST_FITS = 100_000;

/** The order of options in a choice: one that is left of another changes more slowly. */
const order = ['clusters', 'objective', 'kernel', 'epochs', 'restarts', 'seed'] as const;

/**
 * The fits of a grid, and others, each once.
 *
 * A model that does not take an option gets one fit for all its values.
 *
 * @throws ClusterError ERR_FORMAT for more than 100,000 fits
 */
export function combine(grid: Grid, fits: readonly Choice[], file: string): { choices: Choice[]; notes: string[] } {
  const all = order.reduce((product, option) => product * (grid[option]?.length ?? 1), 1);
  if (all * grid.models.length > MOST_FITS)
    throw failed('ERR_FORMAT', file, `at most ${MOST_FITS} fits`, `${all * grid.models.length}`, 'shorten the lists');
  const choices = new Map<string, Choice>();
  const notes: string[] = [];
  for (const model of new Set(grid.models)) {
    const { found, idle } = combinationsOf(grid, model);
    for (const [form, choice] of found) choices.set(form, choice);
    const left = all > found.size ? `: ${all - found.size} of ${all} combinations are left out` : '';
    if (idle.size > 0) notes.push(`${model} takes no ${[...idle].join(', no ')}${left}`);
  }
  for (const choice of fits) choices.set(formOf(choice), choice);
  return { choices: [...choices.values()], notes };
}

/** The different fits of one model, by their canonical form; and the names of options that change none of them. */
function combinationsOf(grid: Grid, model: string): { found: Map<string, Choice>; idle: Set<string> } {
  const found = new Map<string, Choice>();
  const idle = new Set<string>();
  let choices: Partial<Choice>[] = [{ model }];
  for (const option of order) {
    const values = grid[option];
    if (values !== undefined)
      choices = choices.flatMap((choice) => values.map((value) => ({ ...choice, [option]: value })));
  }
  for (const choice of choices as Choice[]) {
    const taken = withoutIdle(choice, idle);
    found.set(formOf(taken), taken);
  }
  return { found, idle };
}

/** A choice without the options that change nothing; adds the names of these. */
function withoutIdle(choice: Choice, idle: Set<string>): Choice {
  const kind = modelNamed(choice.model);
  const taken = Object.entries(choice).filter(([option]) => {
    if (always.includes(option)) return true;
    const known = kind.options.includes(option as 'kernel');
    if (known && (option !== 'kernel' || kind.usesKernel?.(choice) !== false)) return true;
    idle.add(known ? `${option} except for mmd objectives` : option);
    return false;
  });
  return Object.fromEntries(taken) as unknown as Choice;
}

const always = ['model', 'clusters', 'seed'];

/** The same text for the same options. */
export const formOf = (choice: Choice): string =>
  JSON.stringify(['model', ...order].map((option) => choice[option as keyof Choice] ?? null));
