/** Lists of keys in settings: `<id>:<base64 of 32 bytes>`. The first key encrypts, and all keys decrypt. */
import { randomBytes } from 'node:crypto';
import { AppError, appError } from '../errors/index.ts';
import { keyBytes } from './aes.ts';

const keyForm = /^([a-z0-9][a-z0-9-]{0,15}):([A-Za-z0-9+/]{43}=)$/;

/**
 * The keys by their ids, in the order of the list. Throws CONFIG_INVALID for an invalid key and for a duplicate id. The
 * error names the setting and does not show the keys.
 */
export function readKeyList(setting: string, keys: readonly string[]): ReadonlyMap<string, Buffer> {
  const known = new Map<string, Buffer>();
  for (const [index, text] of keys.entries()) {
    const [, id, base64] = keyForm.exec(text) ?? [];
    if (id === undefined || base64 === undefined)
      throw keysProblem(setting, `key ${index + 1} is not <id>:<base64 of ${keyBytes} bytes>`);
    if (known.has(id)) throw keysProblem(setting, `the key id ${id} is used twice`);
    known.set(id, Buffer.from(base64, 'base64'));
  }
  return known;
}

/** A new key with this id, in the form that `readKeyList` reads. */
export function makeKey(id: string): string {
  return `${id}:${randomBytes(keyBytes).toString('base64')}`;
}

export function keysProblem(setting: string, reason: string) {
  return appError('CONFIG_INVALID', { problems: [`${setting}: ${reason}`] });
}

/** The fault of a list of keys, as a rule of the configuration. The text shows no key. */
export function keyListProblems(setting: string, keys: readonly string[]): string[] {
  try {
    readKeyList(setting, keys);
    return [];
  } catch (error) {
    if (error instanceof AppError) return error.details['problems'] as string[];
    throw error;
  }
}
