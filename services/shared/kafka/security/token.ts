/** An OAuth 2.0 access token for SASL/OAUTHBEARER. */
export interface Token {
  readonly value: string;
  /** How long it is valid after its request, in ms; null if its source does not say. */
  readonly lifetimeMs: number | null;
}

/** Letters that RFC 6750 allows in a token. */
const tokenPattern = /^[A-Za-z0-9\-._~+/]+=*$/;

/** The token in `text`, without surrounding space; null if it is not one. */
export function tokenIn(text: string): string | null {
  const value = text.trim();
  return tokenPattern.test(value) ? value : null;
}
