import { open } from 'node:fs/promises';
import { errorMessage } from '../../errors/index.ts';
import { type Token, tokenIn } from './token.ts';
import { tokenError } from './token-error.ts';

const bytesMax = 64 * 1024;

/**
 * Reads the token of a file, for example of a projected service account. Whoever rotates the token replaces the file,
 * so each login reads it anew. Throws KAFKA_TOKEN_UNAVAILABLE without repeating the content.
 */
export async function readTokenFile(path: string): Promise<Token> {
  const text = await textOf(path).catch((error: unknown) => {
    throw tokenError(`KAFKA_SASL_OAUTH_TOKEN_FILE: ${path} cannot be read (${errorMessage(error)})`, error);
  });
  const value = tokenIn(text);
  if (value === null) throw tokenError(`KAFKA_SASL_OAUTH_TOKEN_FILE: ${path} holds no token`);
  return { value, lifetimeMs: null };
}

/** The beginning of the file. A longer file holds no token. */
async function textOf(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytesMax + 1), 0, bytesMax + 1, 0);
    return bytesRead > bytesMax ? '' : buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
