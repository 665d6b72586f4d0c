import { accessSync, constants, mkdirSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { type GeminiName, geminiNames } from 'genmi';
import { type EngineName, engineNames } from '../../support/engine.js';

export interface Options {
  readonly objective: GeminiName;
  readonly clusters: number;
  readonly epochs: number;
  readonly full: boolean;
  readonly batch: number;
  readonly seed: number;
  readonly engine: EngineName;
  readonly samples?: number;
  readonly out: string;
}

const DEFAULT_EPOCHS = 8;
/** The epochs of the paper's run (section 4.4). */
const FULL_EPOCHS = 500;

/** Reads the command line. `--help` ends the process with code 0, a mistake with a message and code 2. */
export function parseOptions(argv: readonly string[]): Options {
  const command = createCommand();
  try {
    command.parse(argv);
  } catch (error) {
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
    throw error;
  }
  const { full = false, epochs = full ? FULL_EPOCHS : DEFAULT_EPOCHS, ...options } = command.opts();
  return { ...options, full, epochs } as Options;
}

function createCommand(): Command {
  return new Command('npm start --')
    .description('Clusters the digits of MNIST without their labels, by a GEMINI objective.')
    .addOption(new Option('--objective <name>', 'the objective to maximise').choices(geminiNames).default('mmd_ova'))
    .option('--clusters <k>', 'the largest number of clusters', integer(1, 1000), 10)
    .option('--epochs <n>', `passes over the images (default: ${DEFAULT_EPOCHS})`, integer(1))
    .addOption(
      new Option('--full', `the paper's run: ${FULL_EPOCHS} epochs at a constant learning rate`).conflicts('epochs'),
    )
    .option('--batch <n>', 'images of each step', integer(2), 250)
    .option('--seed <n>', 'the seed of weights and shuffles', integer(0), 0)
    .addOption(
      new Option('--engine <name>', 'the engine that computes the network').choices(engineNames).default('tfjs-node'),
    )
    .option('--samples <n>', 'only the first n images, for a quick look (default: all 60,000)', integer(100, 60_000))
    .option('--out <folder>', 'the folder for results.json and results.html', writableFolder, '.')
    .exitOverride()
    .showHelpAfterError('(--help lists all options)');
}

function integer(least: number, most = 2 ** 31 - 1): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value;
    const range = most === 2 ** 31 - 1 ? `of ${least} or more` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`Expected a whole number ${range}.`);
  };
}

/** Checks the folder before the training begins. */
function writableFolder(folder: string): string {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new InvalidArgumentError(`Expected a folder to write to: ${(error as Error).message}.`);
  }
  return folder;
}
