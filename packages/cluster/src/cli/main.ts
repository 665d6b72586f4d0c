#!/usr/bin/env node
/** The command `genmi-cluster`. Exit codes: 0 done, 1 failed or interrupted, 2 bad input or a wrong option. */
import { Command, CommanderError } from 'commander';
import { compareCommand } from './compare.js';
import { describeError, isBadInput } from './errors.js';
import { evaluateCommand } from './evaluate.js';
import { explainCommand } from './explain.js';
import { exportCommand } from './export.js';
import { fitCommand } from './fit.js';
import { pathCommand } from './path.js';
import { predictCommand } from './predict.js';
import { sweepCommand } from './sweep.js';
import { version } from './version.js';

const program = new Command('genmi-cluster')
  .description('From a file to clusters, without labels.')
  .version(version)
  .exitOverride()
  .showHelpAfterError('(--help lists all options)');
for (const make of [
  fitCommand,
  predictCommand,
  evaluateCommand,
  compareCommand,
  explainCommand,
  pathCommand,
  exportCommand,
  sweepCommand,
]) {
  program.addCommand(make().copyInheritedSettings(program));
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    const { code, message } = describeError(error);
    if (process.argv.includes('--json')) console.log(JSON.stringify({ error: { code, message } }));
    console.error(`genmi-cluster: ${message}`);
    process.exitCode = isBadInput(error) ? 2 : 1;
  }
}
