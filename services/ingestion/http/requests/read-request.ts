/** Reads the request parts that several routes share. Throws a problem for invalid input. */
import type { FastifyRequest } from 'fastify';
import { isOrderId } from '../../../shared/ids/index.ts';
import { isOperator } from '../../application/common/caller.ts';
import type { Tickets } from '../../application/common/ticket.ts';
import type { OrderAddress } from '../../application/read/order-address.ts';
import type { RequestFault } from '../../application/requests/fault.ts';
import type { Check } from '../../application/requests/validation.ts';
import { type ParsedJson, parseStrictJson } from '../json/strict-json.ts';
import { type Fault, HttpProblem } from '../problems.ts';

/** Reads the body as strict JSON and checks it with its schema. */
export function readBody<T>(request: FastifyRequest, check: Check<T>): T {
  const { value, faults } = readJson(request);
  if (faults.length > 0) throw new HttpProblem('JSON_INVALID', faults[0]!.detail, { errors: faults });
  const checked = check(value);
  if (checked.faults !== null) throw validationProblem(checked.faults);
  return checked.value;
}

const plainMediaType = 'application/json';
const utf8Parameter = /^charset\s*=\s*"?utf-?8"?$/i;

/** Reads the body as strict JSON. Throws the same problems as `requireJson`. */
function readJson(request: FastifyRequest): ParsedJson {
  requireJson(request);
  return parseStrictJson(bodyOf(request));
}

/**
 * Throws the problem MEDIA_TYPE_UNSUPPORTED if the headers announce another type than JSON, a compression, or
 * another charset than UTF-8.
 */
export function requireJson({ headers }: FastifyRequest): void {
  const { 'content-type': mediaType = plainMediaType, 'content-encoding': coding } = headers;
  if (mediaType !== plainMediaType && !isUtf8Json(mediaType)) throw new HttpProblem('MEDIA_TYPE_UNSUPPORTED');
  if (coding !== undefined && coding !== 'identity') throw new HttpProblem('MEDIA_TYPE_UNSUPPORTED');
}

/**
 * Checks the parts separately. One pattern for the whole header would try each space at two places, in quadratic
 * time.
 */
function isUtf8Json(mediaType: string): boolean {
  const [type = '', ...rest] = mediaType.split(';');
  const parameters = rest.map((parameter) => parameter.trim()).filter((parameter) => parameter !== '');
  if (type.trim().toLowerCase() !== plainMediaType || parameters.length > 1) return false;
  return parameters.every((parameter) => utf8Parameter.test(parameter));
}

const emptyBody = Buffer.alloc(0);

/** The raw bytes of the body. Empty for a request without a body. */
export function bodyOf(request: FastifyRequest): Buffer {
  return (request.body as Buffer | undefined) ?? emptyBody;
}

export function validationProblem(errors: readonly { pointer: string; detail: string }[]): HttpProblem {
  const [first] = errors;
  const where = first === undefined || first.pointer === '' ? 'The body' : first.pointer;
  return new HttpProblem('VALIDATION_FAILED', `${where} ${first?.detail ?? 'is invalid'}.`, {
    errors,
  });
}

/** Throws the problem VALIDATION_FAILED if there is a fault. */
export function refuseFaults(faults: readonly RequestFault[]): void {
  if (faults.length > 0) throw validationProblem(faults);
}

/**
 * Order id and ticket of a route below `/v1/orders/:id`. Throws the problem VALIDATION_FAILED for the faults of the
 * query.
 */
export function readAddress(
  request: FastifyRequest,
  tickets: Tickets,
  query = openQuery(request),
): OrderAddress {
  const orderId = readOrderId(request);
  const { customerId } = request.caller;
  const text = query.read<string | null>('t', null, (value) => value);
  query.check();
  return { orderId, customerId, ticket: text === null ? null : tickets.read(text, orderId, customerId) };
}

/** The same for an operation that operators may use for the orders of all customers. */
export function readAnyAddress(
  request: FastifyRequest,
  tickets: Tickets,
  query = openQuery(request),
): OrderAddress {
  return { ...readAddress(request, tickets, query), isOperator: isOperator(request.caller) };
}

/**
 * The order id in the path. A UUID may have letters of either case (RFC 9562). An id of another form is unknown
 * without a lookup: it throws the problem NOT_FOUND.
 */
export function readOrderId(request: FastifyRequest): string {
  const orderId = (request.params as { id: string }).id.toLowerCase();
  if (!isOrderId(orderId)) throw new HttpProblem('NOT_FOUND');
  return orderId;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The query parameters of the operation. */
    queryNames?: readonly string[];
  }
}

const unknownNamesMax = 20;
const shownNameMax = 100;

export interface QueryReader {
  /**
   * Reads one query parameter, or returns `absent` without it. `parse` throws a RangeError whose message is the end
   * of a sentence about the parameter. `read` then notes the fault and returns `absent`.
   */
  read<T>(name: string, absent: T, parse: (text: string) => T): T;
  /** Throws the problem VALIDATION_FAILED with all noted faults. */
  check(): void;
}

/** The query of a request. An unknown parameter is a fault, and so is a repeated one. */
export function openQuery(request: FastifyRequest): QueryReader {
  const query = request.query as Record<string, unknown>;
  const faults = unknownParameters(query, request.routeOptions.config.queryNames ?? []);
  return {
    read(name, absent, parse) {
      const value = query[name];
      if (value === undefined) return absent;
      try {
        if (typeof value !== 'string') throw new RangeError('occurs more than once');
        return parse(value);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        faults.push({ pointer: '', parameter: name, detail: error.message });
        return absent;
      }
    },
    check() {
      const [first] = faults;
      if (first === undefined) return;
      const detail = `The query parameter ${first.parameter} ${first.detail}.`;
      throw new HttpProblem('VALIDATION_FAILED', detail, { errors: faults });
    },
  };
}

/** For operations without query parameters. Throws the problem VALIDATION_FAILED if there is one. */
export function refuseQuery(request: FastifyRequest): void {
  if (request.url.includes('?')) openQuery(request).check();
}

function unknownParameters(query: Record<string, unknown>, known: readonly string[]): Fault[] {
  const unknown = Object.keys(query).filter((name) => !known.includes(name));
  return unknown.slice(0, unknownNamesMax).map((name) => {
    const parameter = name.length > shownNameMax ? `${name.slice(0, shownNameMax)}…` : name;
    return { pointer: '', parameter, detail: 'is unknown' };
  });
}

/** The problem of a malformed header. */
export function headerProblem(name: string, mustBe: string): HttpProblem {
  const detail = `must be ${mustBe}`;
  const errors = [{ pointer: '', parameter: name, detail }];
  return new HttpProblem('HEADER_INVALID', `${name} ${detail}.`, { errors });
}
