/** Secrets in files: `<variable>_FILE` names a file with the text of the variable. */
import { readFileSync, statSync } from 'node:fs';
import type { Field } from './fields.ts';

type Env = Readonly<Record<string, string | undefined>>;

const bytesMax = 64 * 1024;

/** The variable that names the file of a setting. */
export function fileVariable(env: string): string {
  return `${env}_FILE`;
}

/** Whether `rawOf` finds a text or a file: the variable or, where it is allowed, `<variable>_FILE` is not empty. */
export function isGiven(
  env: Env,
  { env: variable, fromFile }: Pick<Field<unknown>, 'env' | 'fromFile'>,
): boolean {
  return Boolean(env[variable] || (fromFile && env[fileVariable(variable)]));
}

/**
 * The raw text of a setting: its variable, or the file that `<variable>_FILE` names. Line ends at the end of the file
 * are dropped. `undefined` if both are unset or empty. Throws an Error if both are set, or if the file cannot be read. The
 * error shows neither the text nor the path, because a path may be a secret in the wrong variable.
 */
export function rawOf(env: Env, field: Pick<Field<unknown>, 'env' | 'fromFile'>): string | undefined {
  const direct = env[field.env] || undefined;
  const named = fileVariable(field.env);
  const path = field.fromFile ? env[named] : undefined;
  if (!path) return direct;
  if (direct !== undefined) throw new Error(`is set twice, directly and by ${named}`);
  return readTextFile(path, named).replace(/(\r?\n)+$/, '') || undefined;
}

/**
 * The text of a small file. Throws an Error that names the variable `named` and the system's code, such as ENOENT.
 */
export function readTextFile(path: string, named: string): string {
  let bytes: Buffer;
  try {
    if (statSync(path).size > bytesMax) throw new Error(`is longer than ${bytesMax} bytes`);
    bytes = readFileSync(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(`cannot be read from the file of ${named}: ${code ?? message}`);
  }
  return bytes.toString('utf8');
}
