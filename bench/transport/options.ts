import { Command } from 'commander';
import { positive, rowsOption, smokeOption } from '../arguments.js';

export interface Options {
  readonly rows: RegExp;
  readonly maxN: number;
  readonly repeat: number;
  readonly quick?: boolean;
  readonly threads?: boolean;
  readonly overhead?: boolean;
  readonly smoke?: boolean;
  readonly json?: string;
}

/** Reads the command line; help and mistakes end the process. */
export function parseOptions(argv: readonly string[]): Options {
  return new Command('npm run bench:transport --')
    .description("Measures genmi's exact transport against POT, on the same inputs in the same run, one thread each.")
    .addOption(rowsOption('images-euclidean-mid-500'))
    .option('--max-n <n>', 'only inputs of at most n samples; with 5000, POT takes four minutes', positive, 2000)
    .option('--repeat <n>', 'repetitions for each median (3 at most from 2000 samples on)', positive, 5)
    .option('--quick', 'one repetition, and POT solves three problems of each set')
    .option('--threads', 'measure one thread against two instead, without POT')
    .option('--overhead', 'measure what calling from JavaScript adds to the native work instead, at 250 samples')
    .addOption(smokeOption())
    .option('--json <file>', 'also write the figures')
    .parse(argv)
    .opts<Options>();
}
