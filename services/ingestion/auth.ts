/** Who is asking and what they may do. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller, Verifier } from '../shared/auth/index.ts';
import { AppError } from '../shared/errors/index.ts';
import type { Scope } from './operation.ts';
import { sendProblem } from './problems.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before any handler of a route with a scope runs. */
    caller: Caller;
  }
}

const bearerForm = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i;

/** Answers 401 or 403, or sets `request.caller` and calls `admit`. A token that was verified before costs no promise. */
export function authenticate(
  verifier: Verifier,
  scope: Scope,
  request: FastifyRequest,
  reply: FastifyReply,
  admit: () => void,
): void {
  const token = bearerForm.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) {
    refuse(request, reply, 'Bearer', undefined);
    return;
  }
  const enter = (caller: Caller): void => {
    request.caller = caller;
    if (caller.scopes.has(scope)) admit();
    else forbid(request, reply, scope);
  };
  try {
    const verified = verifier.verify(token);
    if (verified instanceof Promise)
      verified.then(enter, (error: unknown) => refuseToken(request, reply, error));
    else enter(verified);
  } catch (error) {
    refuseToken(request, reply, error);
  }
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

/** The detail stays the general one but for an expired token: why else a token fails is of use to who forges it. */
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
