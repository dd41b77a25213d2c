/** Functions for URLs that contain a login. */
import { appError } from '../errors/index.ts';

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
 * The login of a URL, decoded; the parts are empty texts without one. Throws CONFIG_INVALID without the login if a
 * percent sign in it begins no code. `setting` names the URL.
 */
export function loginOf({ username, password }: URL, setting: string): Login {
  try {
    return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    // The error of the platform has no details, and its stack may show the password.
    const problem = `${setting} has a login with a percent sign that begins no code; write %25 for a percent sign`;
    throw appError('CONFIG_INVALID', { problems: [problem] });
  }
}

/**
 * Splits a URL into the URL without its login, for requests and messages, and the login. `fetch` refuses a
 * URL with a login. `setting` names the URL in errors. Throws CONFIG_INVALID like `loginOf`.
 */
export function takeLogin(url: string, setting: string): { url: string; login: Login | null } {
  const parsed = new URL(url);
  if (parsed.username === '' && parsed.password === '') return { url, login: null };
  const login = loginOf(parsed, setting);
  parsed.username = '';
  parsed.password = '';
  return { url: parsed.href, login };
}

/** The headers of basic authentication (RFC 7617); none without a login. */
export function basicAuth(login: Login | null): Record<string, string> {
  if (login === null) return {};
  const { username, password } = login;
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}
