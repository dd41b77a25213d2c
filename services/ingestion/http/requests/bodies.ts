/** Which bodies are read: JSON as its bytes, an empty body of any content type, and nothing else. */
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { Operation } from '../operation.ts';
import { HttpProblem } from '../problems.ts';
import { type Check, compileCheck } from '../validation.ts';
import { bodyOf, readBody } from './read-request.ts';

/** The body of one order. */
export const orderBytesMax = 64 * 1024;

type Done = (error: Error | null, body?: undefined) => void;

/** Clients add `{}` to a request that needs no body; that and some blanks fit. */
const noBodyBytesMax = 1_024;

/** The longest body that is read for an operation. */
export function bodyBytesMax({ body }: Operation): number {
  return body?.bytesMax ?? noBodyBytesMax;
}

export function registerBodyParsers(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  app.addContentTypeParser('*', takeEmpty);
}

/** `curl -X POST -d ''` names the type of a form and sends nothing: that is no body. */
function takeEmpty({ headers }: FastifyRequest, payload: IncomingMessage, done: Done): void {
  const refuse = (): void => done(new HttpProblem('MEDIA_TYPE_UNSUPPORTED'));
  if (headers['transfer-encoding'] === undefined) {
    if (headers['content-length'] === '0') done(null);
    else refuse();
    return;
  }
  const onData = (): void => {
    payload.off('end', onEnd);
    refuse();
  };
  const onEnd = (): void => {
    payload.off('data', onData);
    done(null);
  };
  payload.once('data', onData).once('end', onEnd);
}

let checkNothing: Check<object> | undefined;

/** For operations without a body: an empty one and `{}` are none. Throws a problem for everything else. */
export function refuseBody(request: FastifyRequest): void {
  if (bodyOf(request).length === 0) return;
  checkNothing ??= compileCheck(Type.Object({}, { additionalProperties: false }));
  readBody(request, checkNothing);
}
