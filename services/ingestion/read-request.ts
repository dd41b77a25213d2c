/** Reads the parts of a request that several routes share; what is wrong is thrown as a problem. */
import type { FastifyRequest } from 'fastify';
import { isOrderId } from './order-id.ts';
import { HttpProblem } from './problems.ts';
import { type ParsedJson, parseStrictJson } from './strict-json.ts';
import type { LogPosition, Tickets } from './ticket.ts';
import type { Check } from './validation.ts';

/** The body through strict JSON and its schema. */
export function readBody<T>(request: FastifyRequest, check: Check<T>): T {
  const { value, faults } = readJson(request);
  if (faults.length > 0) throw new HttpProblem('JSON_INVALID', faults[0]!.detail, { errors: faults });
  const checked = check(value);
  if (checked.faults !== null) throw validationProblem(checked.faults);
  return checked.value;
}

const plainMediaType = 'application/json';
const utf8MediaType = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-?8"?\s*)?;?\s*$/i;

/** The body through strict JSON alone. Throws the problem MEDIA_TYPE_UNSUPPORTED when it is compressed or not UTF-8. */
export function readJson(request: FastifyRequest): ParsedJson {
  const { 'content-type': mediaType = plainMediaType, 'content-encoding': coding } = request.headers;
  if (mediaType !== plainMediaType && !utf8MediaType.test(mediaType))
    throw new HttpProblem('MEDIA_TYPE_UNSUPPORTED');
  if (coding !== undefined && coding !== 'identity') throw new HttpProblem('MEDIA_TYPE_UNSUPPORTED');
  return parseStrictJson(bodyOf(request));
}

const emptyBody = Buffer.alloc(0);

/** The raw bytes; a request without a body has none. */
export function bodyOf(request: FastifyRequest): Buffer {
  return (request.body as Buffer | undefined) ?? emptyBody;
}

export function validationProblem(errors: readonly { pointer: string; detail: string }[]): HttpProblem {
  const [first] = errors;
  const where = first === undefined || first.pointer === '' ? 'The body' : first.pointer;
  return new HttpProblem('VALIDATION_FAILED', `${where} ${first?.detail ?? 'is not acceptable'}.`, {
    errors,
  });
}

export interface OrderAddress {
  readonly orderId: string;
  readonly customerId: string;
  /** Out of a valid ticket in the query, else null. */
  readonly ticket: LogPosition | null;
}

/** Order id and ticket of a route below `/v1/orders/:id`. What is no id of ours is unknown without a look anywhere. */
export function readAddress(request: FastifyRequest, tickets: Tickets): OrderAddress {
  const orderId = (request.params as { id: string }).id;
  if (!isOrderId(orderId)) throw new HttpProblem('NOT_FOUND');
  const { customerId } = request.caller;
  const text = queryOf(request, 't');
  return { orderId, customerId, ticket: text === null ? null : tickets.read(text, orderId, customerId) };
}

/** One query parameter; null when it is absent. Given twice it has no meaning. */
export function queryOf(request: FastifyRequest, name: string): string | null {
  const value = (request.query as Record<string, unknown>)[name];
  if (value === undefined) return null;
  if (typeof value !== 'string') throw queryProblem(name, 'is given more than once');
  return value;
}

export function queryProblem(name: string, detail: string): HttpProblem {
  return new HttpProblem('VALIDATION_FAILED', `The query parameter ${name} ${detail}.`);
}
