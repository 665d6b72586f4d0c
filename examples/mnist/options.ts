import { accessSync, constants, mkdirSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { type EngineName as TfjsEngine, engineNames as tfjsEngines } from '../../support/engine.js';
import { type ObjectiveName, objectiveNames, type Recipe, recipeOf } from './recipe.js';

export const engineNames = ['genmi', ...tfjsEngines] as const;
export type EngineName = 'genmi' | TfjsEngine;

export interface Options {
  readonly objective: ObjectiveName;
  readonly clusters: number;
  readonly epochs: number;
  readonly full: boolean;
  readonly batch: number;
  readonly seed: number;
  readonly engine: EngineName;
  /** The weight of virtual adversarial training; 0: none. */
  readonly vat: number;
  readonly samples?: number;
  readonly out: string;
}

/** The epochs of the GEMINI paper's run (section 4.4). */
const FULL_EPOCHS = 500;

/** Reads the command line. `--help` ends the process with code 0, a mistake with a message and code 2. */
export function parseOptions(argv: readonly string[]): { options: Options; recipe: Recipe } {
  const command = createCommand();
  try {
    command.parse(argv);
    const { vat, full = false, ...given } = command.opts();
    const objective: ObjectiveName = given.objective ?? (given.engine === 'genmi' ? 'imsat' : 'mmd_ova');
    const recipe = { ...recipeOf(objective), ...(vat !== undefined && { vat: vat === true ? 1 : vat }) };
    if (recipe.vat > 0 && given.engine !== 'genmi') {
      const option = vat === undefined ? '--objective imsat' : '--vat';
      command.error(`error: ${option} needs virtual adversarial training, which --engine genmi alone has.`);
    }
    const epochs = given.epochs ?? (full ? FULL_EPOCHS : recipe.epochs);
    return { options: { ...given, objective, full, epochs, vat: recipe.vat } as Options, recipe };
  } catch (error) {
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
    throw error;
  }
}

function createCommand(): Command {
  return new Command('npm start --')
    .description('Clusters the digits of MNIST without their labels.')
    .addOption(new Option('--objective <name>', 'the objective to maximise (default: imsat)').choices(objectiveNames))
    .option('--clusters <k>', 'the largest number of clusters', integer(1, 1000), 10)
    .option('--epochs <n>', 'passes over the images (default: 18 for imsat, 8 for others)', integer(1))
    .addOption(
      new Option('--full', `the paper's run: ${FULL_EPOCHS} epochs at a constant learning rate`).conflicts('epochs'),
    )
    .option('--batch <n>', 'images of each step', integer(2), 250)
    .option('--seed <n>', 'the seed of weights and shuffles', integer(0), 0)
    .option('--vat [weight]', 'add virtual adversarial training (weight 1 if not given; imsat has it)', weight)
    .addOption(
      new Option('--engine <name>', 'the engine that computes the network').choices(engineNames).default('genmi'),
    )
    .option('--samples <n>', 'only the first n images, for a quick look (default: all 60,000)', integer(100, 60_000))
    .option('--out <folder>', 'the folder for results.json and results.html', writableFolder, '.')
    .exitOverride()
    .showHelpAfterError('(--help lists all options)');
}

function weight(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new InvalidArgumentError('Expected a number of 0 or more.');
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
