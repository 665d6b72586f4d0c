import { Command } from 'commander';
import { positive, rowsOption, smokeOption } from '../arguments.js';

export interface Options {
  readonly rows: RegExp;
  readonly maxN: number;
  readonly repeat: number;
  readonly quick?: boolean;
  readonly allThreads?: boolean;
  readonly smoke?: boolean;
  readonly json?: string;
}

/** Reads the command line; help and mistakes end the process. */
export function parseOptions(argv: readonly string[]): Options {
  return new Command('npm run bench:kernels --')
    .description(
      "Measures genmi's kernels against numpy, scikit-learn, scipy, torch and gemclus, on the same inputs in the same run, one thread each.",
    )
    .addOption(rowsOption('mmd_ova-4000-10-float32'))
    .option(
      '--max-n <n>',
      'only rows of at most n samples; with 20000, also the memory of hop distances',
      positive,
      16_000,
    )
    .option('--repeat <n>', 'repetitions for each median', positive, 5)
    .option('--quick', 'one repetition')
    .option('--all-threads', "on all of the machine's threads instead of one")
    .addOption(smokeOption())
    .option('--json <file>', 'also write the figures')
    .parse(argv)
    .opts<Options>();
}
