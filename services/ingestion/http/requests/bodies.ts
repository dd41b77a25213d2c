/** Decides which bodies the service reads: JSON, and an empty body of any content type. */
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { type Check, compileCheck } from '../../application/requests/validation.ts';
import type { Operation } from '../operation.ts';
import { HttpProblem } from '../problems.ts';
import { bodyOf, readBody } from './read-request.ts';

/** Maximum body of one order. */
export const orderBytesMax = 64 * 1024;

type Done = (error: Error | null, body?: undefined) => void;

/** Clients add `{}` to a request that needs no body. This limit allows it with some spaces. */
const noBodyBytesMax = 1_024;

/** The longest body that the service reads for an operation. */
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

/** Accepts an empty body of any content type. For example, `curl -X POST -d ''` sends the type of a form. */
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

/**
 * Registers the parser of operations that read the bytes themselves. It accepts every content type, even a missing or
 * invalid one.
 */
export function registerRawParser(app: FastifyInstance): void {
  // Fastify refuses an invalid media type before it looks for a parser.
  app.addHook('onRequest', ({ raw }, _reply, done) => {
    delete raw.headers['content-type'];
    done();
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
}

let checkNothing: Check<object> | undefined;

/** For operations without a body. Allows no body and `{}`. Throws a problem for any other body. */
export function refuseBody(request: FastifyRequest): void {
  if (bodyOf(request).length === 0) return;
  checkNothing ??= compileCheck(Type.Object({}, { additionalProperties: false }));
  readBody(request, checkNothing);
}
