import { Command, InvalidArgumentError, Option } from 'commander';

export interface Options {
  readonly rows: RegExp;
  readonly maxN: number;
  readonly repeat: number;
  readonly quick?: boolean;
  readonly threads?: boolean;
  readonly json?: string;
}

/** Reads the command line; help and mistakes end the process. */
export function parseOptions(argv: readonly string[]): Options {
  return new Command('npm run bench:transport --')
    .description("Measures genmi's exact transport against POT, on the same inputs in the same run, one thread each.")
    .addOption(
      new Option('--rows <regex>', 'only inputs with such a name, as images-euclidean-mid-500')
        .argParser(regularExpression)
        .default(/./, 'all'),
    )
    .option('--max-n <n>', 'only inputs of so many samples; with 5000, POT takes minutes', positive, 2000)
    .option('--repeat <n>', 'repetitions that medians are of (fewer from 1000 samples on)', positive, 5)
    .option('--quick', 'one repetition, and POT solves three problems of each set')
    .option('--threads', 'measure one thread against two instead, without POT')
    .option('--json <file>', 'also write the figures')
    .parse(argv)
    .opts<Options>();
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('Expected a whole number of 1 or more.');
}

function regularExpression(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new InvalidArgumentError(`Expected a regular expression: ${(error as Error).message}.`);
  }
}
