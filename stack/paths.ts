import { StackError } from './errors.ts';

/**
 * Characters that some program misinterprets in paths. Java's class path ends an entry at `:`. An option file
 * of MariaDB ends a value at `"`. Shells, property files and npm's PATH have problems with the others. Spaces
 * and letters of any language are allowed.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const UNUSABLE = /[\x00-\x1f\x7f:;,"\\]/;

/**
 * Throws StackError for a folder in which the servers could not work, before anything is written. `what` is the
 * subject of the sentence.
 */
export function mustBeUsable(what: string, folder: string): void {
  const found = UNUSABLE.exec(folder)?.[0];
  if (found === undefined) return;
  throw new StackError(
    `${what} is ${folder}, and Java, MariaDB or npm cannot work in a path with the character ${JSON.stringify(found)}; use another folder.`,
  );
}
