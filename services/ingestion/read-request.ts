/** Reads the parts of a request that several routes share; what is wrong is thrown as a problem. */
import type { FastifyRequest } from 'fastify';
import { type ParsedJson, parseStrictJson } from './json/strict-json.ts';
import { isOrderId } from './order-id.ts';
import { HttpProblem } from './problems.ts';
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
const utf8Parameter = /^charset\s*=\s*"?utf-?8"?$/i;

/** The body through strict JSON alone. Throws as `requireJson` does. */
export function readJson(request: FastifyRequest): ParsedJson {
  requireJson(request);
  return parseStrictJson(bodyOf(request));
}

/** Throws the problem MEDIA_TYPE_UNSUPPORTED when the body is not JSON, compressed, or not UTF-8 by its own words. */
export function requireJson({ headers }: FastifyRequest): void {
  const { 'content-type': mediaType = plainMediaType, 'content-encoding': coding } = headers;
  if (mediaType !== plainMediaType && !isUtf8Json(mediaType)) throw new HttpProblem('MEDIA_TYPE_UNSUPPORTED');
  if (coding !== undefined && coding !== 'identity') throw new HttpProblem('MEDIA_TYPE_UNSUPPORTED');
}

/** By its parts: one pattern for the whole field would try each of its blanks for two places, which is quadratic. */
function isUtf8Json(mediaType: string): boolean {
  const [type = '', ...rest] = mediaType.split(';');
  const parameters = rest.map((parameter) => parameter.trim()).filter((parameter) => parameter !== '');
  if (type.trim().toLowerCase() !== plainMediaType || parameters.length > 1) return false;
  return parameters.every((parameter) => utf8Parameter.test(parameter));
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
