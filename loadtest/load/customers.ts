/** The customers of a run and their tokens. */
import { readFile } from 'node:fs/promises';
import { usageError } from '../../cli/errors.ts';
import { createTokens } from '../../cli/tokens.ts';

export interface Customer {
  /** For people, and for the history. It never has the token in it. */
  readonly name: string;
  /** The name of the token in messages. */
  readonly tokenName: string;
  /** The bearer token, as it is now. */
  token: string;
}

export interface Customers {
  readonly all: readonly Customer[];
  close(): void;
}

/** Tokens of the local issuer are renewed two minutes before they expire. */
const renewEveryMs = 60_000;
/** What a field of HTTP can carry and a token contains (RFC 6750). */
const tokenForm = /^[A-Za-z0-9._~+/-]+=*$/;

/** One customer per token. @throws CliError (exit code 2) that says which token is malformed, without the token. */
export function customersOf(tokens: readonly string[]): Customers {
  const all = tokens.map((token, index) => {
    const tokenName = `token ${index + 1}`;
    if (!tokenForm.test(token)) throw usageError(`${tokenName} is not a bearer token`);
    return { name: `customer ${index + 1}`, tokenName, token };
  });
  return { all, close: () => undefined };
}

/** The tokens of a file with one token a line. Blank lines do not count. @throws CliError (exit code 2) without tokens. */
export async function readTokenFile(file: string): Promise<string[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw usageError(`cannot read the tokens in ${file}: ${(error as NodeJS.ErrnoException).code}`);
  }
  const tokens = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (tokens.length === 0) throw usageError(`there is no token in ${file}`);
  return tokens;
}

/**
 * `count` customers with tokens of the local issuer of the instance `name`. @throws CliError if there is no such instance.
 */
export async function localCustomers(name: string, count: number): Promise<Customers> {
  const tokenFor = await createTokens(name, { ...process.env, ORDERSTREAM_TOKEN: '' });
  const all = await Promise.all(
    Array.from({ length: count }, async (_, index): Promise<Customer> => {
      const customerId = `load-${index + 1}`;
      const tokenName = `the local token of customer ${customerId}`;
      return { name: customerId, tokenName, token: await tokenFor(customerId) };
    }),
  );
  const timer = setInterval(async () => {
    for (const customer of all) customer.token = await tokenFor(customer.name);
  }, renewEveryMs);
  return { all, close: () => clearInterval(timer) };
}
