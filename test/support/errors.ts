/** Checks of errors: the class, the code, and a message with argument, expected and received. */
import { expect } from 'vitest';
import { GenmiError } from '../../src/index.js';

const classes: Record<string, new (...args: never[]) => Error> = {
  ERR_INVALID_ARG_TYPE: TypeError,
  ERR_OUT_OF_RANGE: RangeError,
};

export interface ExpectedError {
  code: string;
  /** The argument, with which the message starts. */
  argument: string;
  /** Parts of "expected …". */
  expected?: string;
  /** Parts of "received …". */
  received?: string;
}

export function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

export async function rejectionOf(call: () => Promise<unknown>): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return undefined;
}

export function expectError(error: unknown, { code, argument, expected = '', received = '' }: ExpectedError) {
  expect(error, 'an error was thrown').toBeInstanceOf(Error);
  const { message } = error as Error;
  expect(error, `its class (${message})`).toBeInstanceOf(classes[code] ?? GenmiError);
  expect((error as { code?: unknown }).code, `its code (${message})`).toBe(code);
  const parts = /^(?<argument>.+?): expected (?<expected>.+?), received (?<received>.+)$/s.exec(message)?.groups;
  expect(parts, `argument, expected and received (${message})`).toBeDefined();
  expect(parts?.argument).toBe(argument);
  expect(message, 'what was expected').toContain(expected);
  expect(message.slice(message.indexOf(', received ')), 'what was received').toContain(received);
}
