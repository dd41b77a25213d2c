/** Functions for URLs that contain a login. */

const SECRET_PARAMETER = /pass|secret|token|key/i;

/** A URL in printable form, without its password and its secret parameters. Other texts do not change. */
export function withoutPassword(text: string): string {
  // An invalid URL may still contain a password before its last @.
  if (!URL.canParse(text)) return text.replace(/\/\/.*@/s, '//hidden@');
  const parsed = new URL(text);
  const secrets = [...parsed.searchParams.keys()].filter((name) => SECRET_PARAMETER.test(name));
  if (parsed.password === '' && secrets.length === 0) return text;
  if (parsed.password !== '') parsed.password = 'hidden';
  for (const name of secrets) parsed.searchParams.set(name, 'hidden');
  return parsed.toString();
}

export interface Login {
  readonly username: string;
  readonly password: string;
}

/**
 * Splits a URL into the URL without its login, for requests and messages, and the login. `fetch` refuses a
 * URL with a login.
 */
export function takeLogin(url: string): { url: string; login: Login | null } {
  const parsed = new URL(url);
  const { username, password } = parsed;
  if (username === '' && password === '') return { url, login: null };
  parsed.username = '';
  parsed.password = '';
  const login = { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  return { url: parsed.href, login };
}

/** The headers of basic authentication (RFC 7617); none without a login. */
export function basicAuth(login: Login | null): Record<string, string> {
  if (login === null) return {};
  const { username, password } = login;
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}
