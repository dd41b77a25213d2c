/** Verifies the token of a request and its scope. */
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller, Verifier } from '../../shared/auth/index.ts';
import { AppError } from '../../shared/errors/index.ts';
import type { TokenChecks } from '../application/limits/token-checks.ts';
import type { Scope } from './operation.ts';
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

const bearerForm = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i;

export interface AuthDeps {
  readonly verifier: Verifier;
  readonly tokenChecks: TokenChecks;
}

/**
 * Responds with 401 or 403, or sets `request.caller` and calls `admit`. The token needs one of `scopes`. Creates no
 * promise while the issuer's keys are known.
 */
export function authenticate(
  { verifier, tokenChecks }: AuthDeps,
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
  const token = bearerForm.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) {
    refuse(request, reply, 'Bearer', undefined);
    return;
  }
  const enter = (caller: Caller): void => {
    const untilMs = Math.min(caller.expiresAtMs, Date.now() + rememberForMs);
    socket[lastCaller] = { field: request.headers.authorization!, caller, untilMs };
    admitCaller(caller, scopes, request, reply, admit);
  };
  const known = verifier.known(token);
  if (known !== null) {
    enter(known);
    return;
  }
  const address = addressOf(socket);
  const fail = (error: unknown): void => {
    if (error instanceof AppError && error.disposition === 'reject') tokenChecks.failed(address);
    refuseToken(request, reply, error);
  };
  const isTaken = tokenChecks.come(address, socket, () => {
    // The client may have disconnected while it waited for the check.
    if (socket.destroyed) return;
    verifyNow(verifier, token, enter, fail);
  });
  if (!isTaken) sendProblem(request, reply, 'OVERLOADED', tooManyTokens);
}

/** The caller of a request if its token was verified before, otherwise null. It verifies no token. */
export function knownCaller(
  { verifier }: Pick<AuthDeps, 'verifier'>,
  request: FastifyRequest,
): Caller | null {
  const field = request.headers.authorization ?? '';
  const remembered = (request.raw.socket as RememberingSocket)[lastCaller];
  if (remembered?.field === field) return remembered.caller;
  const token = bearerForm.exec(field)?.[1];
  return token === undefined ? null : verifier.known(token);
}

/**
 * The caller of a request without a token: everyone at this address. Its signature is checked with its body. The name has a
 * space, so no token has it.
 */
export function senderOf(request: FastifyRequest): Caller {
  const customerId = `sender ${addressOf(request.raw.socket)}`;
  return { customerId, scopes: new Set(), expiresAtMs: Number.MAX_SAFE_INTEGER };
}

const tooManyTokens = { detail: 'Too many tokens wait to be checked.', headers: { 'retry-after': '5' } };

function verifyNow(
  verifier: Verifier,
  token: string,
  enter: (caller: Caller) => void,
  fail: (error: unknown) => void,
): void {
  let verified: Caller | Promise<Caller>;
  try {
    verified = verifier.verify(token);
  } catch (error) {
    fail(error);
    return;
  }
  if (verified instanceof Promise) verified.then(enter, fail);
  else enter(verified);
}

/** One IPv6 site has 2^64 addresses. The first four groups identify the site. */
export function addressOf({ remoteAddress = '' }: Socket): string {
  return remoteAddress.includes('.') ? remoteAddress : remoteAddress.split(':', 4).join(':');
}

function admitCaller(
  caller: Caller,
  scopes: readonly Scope[],
  request: FastifyRequest,
  reply: FastifyReply,
  admit: () => void,
): void {
  request.caller = caller;
  if (scopes.some((scope) => caller.scopes.has(scope))) admit();
  else forbid(request, reply, scopes[0]!);
}

/** Whether the caller may name the orders of all customers, where an operation allows it. */
export function isOperator({ scopes }: Caller): boolean {
  return scopes.has('orders:ops');
}

function refuseToken(request: FastifyRequest, reply: FastifyReply, error: unknown): void {
  if (!(error instanceof AppError)) {
    reply.send(error);
  } else if (error.disposition === 'reject') {
    refuse(
      request,
      reply,
      'Bearer error="invalid_token"',
      error.code === 'TOKEN_EXPIRED' ? error.message : undefined,
    );
  } else {
    sendProblem(request, reply, 'AUTH_UNAVAILABLE', { headers: { 'retry-after': '2' } });
  }
}

/** Only an expired token gets a specific detail. Other failures stay generic, so as not to help forgers. */
function refuse(
  request: FastifyRequest,
  reply: FastifyReply,
  challenge: string,
  detail: string | undefined,
): void {
  sendProblem(request, reply, 'UNAUTHORIZED', { detail, headers: { 'www-authenticate': challenge } });
}

function forbid(request: FastifyRequest, reply: FastifyReply, scope: Scope): void {
  sendProblem(request, reply, 'SCOPE_MISSING', {
    detail: `The token lacks the scope ${scope}.`,
    headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
  });
}
