/** The text of a file that a command imports. */
import { buffer } from 'node:stream/consumers';
import { usageError } from '../errors.ts';
import { decodeUtf8, firstLineNotUtf8, mustBeReadable, openInput } from '../input.ts';

/** Reads a UTF-8 file, or standard input for `-`. @throws CliError (exit code 2) that names the first bad line. */
export async function readTextFile(file: string): Promise<string> {
  await mustBeReadable(file);
  const bytes = await buffer(openInput(file)).catch((error: Error) => {
    throw usageError(`cannot read ${file}: ${error.message}`);
  });
  const text = decodeUtf8(bytes);
  if (text === null) {
    throw usageError(`nothing was imported: line ${firstLineNotUtf8(bytes)} of ${file} is not UTF-8 text`);
  }
  return text;
}
