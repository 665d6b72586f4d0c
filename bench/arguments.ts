/** Options that several command lines of the benchmarks share. */
import { InvalidArgumentError, Option } from 'commander';

/** @param example one name of a row */
export function rowsOption(example: string): Option {
  return new Option('--rows <regex>', `only rows with such a name, as ${example}`)
    .argParser(regularExpression)
    .default(/./, 'all');
}

/** The option of a test that takes seconds; its figures mean nothing. */
export function smokeOption(): Option {
  return new Option('--smoke', 'only see whether it runs: tiny inputs, once, beside the peers that are installed');
}

export function positive(text: string): number {
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
