import type { TestContext } from 'vitest';

/** Why something that a test needs is missing on this machine. */
export interface Missing {
  readonly missing: string;
}

export const isMissing = (found: object): found is Missing => 'missing' in found;

/** Skips the test, with the reason. In CI, where all tests must run, a missing program is a failure. */
export function skipOrFail(context: TestContext, { missing }: Missing): never {
  if (process.env['CI']) throw new Error(`CI must skip no test, and this one cannot run: ${missing}`);
  context.skip(missing);
}
