/** What a token allows its caller. */
import type { Caller } from '../../../shared/auth/index.ts';

export type Scope = 'orders:read' | 'orders:write' | 'orders:ops' | 'webhooks:manage';

/** Whether the caller may name the orders of all customers, where an operation allows it. */
export function isOperator({ scopes }: Caller): boolean {
  return scopes.has('orders:ops');
}

/** Whether the token has one of the scopes. */
export function hasScope({ scopes }: Caller, oneOf: readonly Scope[]): boolean {
  return oneOf.some((scope) => scopes.has(scope));
}

/** The text of the refusal of a token without the scope. */
export function missingScope(scope: Scope): string {
  return `The token lacks the scope ${scope}.`;
}
