/** Verifies the token of a request and its scope. */
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../../shared/auth/index.ts';
import { hasScope, missingScope, type Scope } from '../application/common/caller.ts';
import { Failure } from '../application/common/failure.ts';
import { bearerTokenOf, type IdentifyDeps, identify, siteOf } from '../application/limits/identify.ts';
import { sendFailure } from './failures.ts';
import { sendProblem } from './problems.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before any handler of a route with a scope runs. */
    caller: Caller;
  }
}

/** Clients repeat the same token on a connection. A comparison with it costs less than a hash. */
const lastCaller = Symbol('lastCaller');
type RememberingSocket = Socket & { [lastCaller]?: { field: string; caller: Caller; untilMs: number } };
/** The tokens of a withdrawn key end at the latest after this time plus the verifier's own time. */
const rememberForMs = 10_000;

export type AuthDeps = IdentifyDeps;

/**
 * Responds with 401 or 403, or sets `request.caller` and calls `admit`. The token needs one of `scopes`. Creates no
 * promise while the issuer's keys are known.
 */
export function authenticate(
  deps: AuthDeps,
  scopes: readonly Scope[],
  request: FastifyRequest,
  reply: FastifyReply,
  admit: () => void,
): void {
  const socket: RememberingSocket = request.raw.socket;
  const remembered = socket[lastCaller];
  if (remembered !== undefined && remembered.field === request.headers.authorization) {
    if (Date.now() < remembered.untilMs) {
      admitCaller(remembered.caller, scopes, request, reply, admit);
      return;
    }
    socket[lastCaller] = undefined;
  }
  const token = bearerTokenOf(request.headers.authorization ?? '');
  if (token === null) {
    sendFailure(request, reply, noToken, challenge('Bearer'));
    return;
  }
  const isGone = (): boolean => socket.destroyed;
  identify(deps, token, { address: addressOf(socket), connection: socket, isGone }, (result) => {
    if (result instanceof Failure) {
      refuseToken(request, reply, result);
      return;
    }
    const untilMs = Math.min(result.expiresAtMs, Date.now() + rememberForMs);
    socket[lastCaller] = { field: request.headers.authorization!, caller: result, untilMs };
    admitCaller(result, scopes, request, reply, admit);
  });
}

const noToken = new Failure('UNAUTHORIZED');

/** The caller of a request if its token was verified before, otherwise null. It verifies no token. */
export function knownCaller(
  { verifier }: Pick<AuthDeps, 'verifier'>,
  request: FastifyRequest,
): Caller | null {
  const field = request.headers.authorization ?? '';
  const remembered = (request.raw.socket as RememberingSocket)[lastCaller];
  if (remembered?.field === field) return remembered.caller;
  const token = bearerTokenOf(field);
  return token === null ? null : verifier.known(token);
}

/**
 * The caller of a request without a token: everyone at this address. Its signature is checked with its body. The name has a
 * space, so no token has it.
 */
export function senderOf(request: FastifyRequest): Caller {
  const customerId = `sender ${addressOf(request.raw.socket)}`;
  return { customerId, scopes: new Set(), expiresAtMs: Number.MAX_SAFE_INTEGER };
}

/** The site of the client. */
export function addressOf({ remoteAddress = '' }: Socket): string {
  return siteOf(remoteAddress);
}

function admitCaller(
  caller: Caller,
  scopes: readonly Scope[],
  request: FastifyRequest,
  reply: FastifyReply,
  admit: () => void,
): void {
  request.caller = caller;
  if (hasScope(caller, scopes)) admit();
  else forbid(request, reply, scopes[0]!);
}

function refuseToken(request: FastifyRequest, reply: FastifyReply, failure: Failure): void {
  if (failure.code === 'INTERNAL') reply.send(failure.cause);
  else if (failure.code !== 'UNAUTHORIZED') sendFailure(request, reply, failure);
  else sendFailure(request, reply, failure, challenge('Bearer error="invalid_token"'));
}

function forbid(request: FastifyRequest, reply: FastifyReply, scope: Scope): void {
  sendProblem(request, reply, 'SCOPE_MISSING', {
    detail: missingScope(scope),
    headers: challenge(`Bearer error="insufficient_scope", scope="${scope}"`),
  });
}

/** RFC 9110 requires a challenge in each 401. */
function challenge(text: string): Record<string, string> {
  return { 'www-authenticate': text };
}
