/** URLs that hold a login: how they are shown, and how the login is taken out. */

const SECRET_PARAMETER = /pass|secret|token|key/i;

/** A URL as it may be shown: its password and parameters that name a secret are hidden. Other texts stay as they are. */
export function withoutPassword(text: string): string {
  // What only looks like a URL may still hold a password, before the last @ of its first part or beyond.
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

/** A URL without its login, for requests and messages, and the login; `fetch` refuses URLs that hold one. */
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
