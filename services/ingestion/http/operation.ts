/** One operation of the API. It is the source of the route, the request validation and the OpenAPI document. */
import type { TSchema } from 'typebox';
import type { Scope } from '../application/common/caller.ts';
import type { OperationFlag } from '../application/limits/flags.ts';
import type { ProblemCode } from '../problems/problem-table.ts';

export interface Parameter {
  readonly in: 'path' | 'query' | 'header';
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly schema: TSchema;
}

export interface OperationResponse {
  readonly description: string;
  readonly schema?: TSchema;
  readonly mediaType?: string;
  /** Headers of the response. A question mark after the name marks an optional one. */
  readonly headers?: readonly string[];
  readonly example?: unknown;
}

export interface Operation {
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Path in fastify's form, `/v1/orders/:id`. */
  readonly url: string;
  readonly summary: string;
  readonly description?: string;
  /** The scope that the token must have. Null: the request has no token, but a signature that the handler checks. */
  readonly scope: Scope | null;
  /** Whether the scope of operators suffices too. An operator may name the order of any customer. */
  readonly isForOperators?: true;
  /** The group in the API document. By default, the scope decides it. */
  readonly tag?: 'Payments' | 'Operators' | 'Stock';
  /** The load limits that apply. During overload, writes are refused long before reads. */
  readonly admissionClass: 'read' | 'write';
  /** The charge against the caller's rate: one order, or a batch by its bytes and its orders. Absent: no charge. */
  readonly charge?: 'order' | 'batch';
  /** Flags that must be on. Otherwise the operation is refused with a problem of its own. */
  readonly flags?: readonly OperationFlag[];
  /** The body has personal data of the caller. So the key of the caller is read before the body becomes a command. */
  readonly sealsBody?: true;
  readonly parameters: readonly Parameter[];
  readonly body?: {
    readonly schema: TSchema;
    readonly bytesMax: number;
    readonly required: boolean;
    /** The handler gets the bytes of any content type. */
    readonly isRaw?: true;
  };
  readonly responses: Readonly<Record<number, OperationResponse>>;
  /** Problems in addition to the problems of every operation. */
  readonly problems: readonly ProblemCode[];
}

/** Scopes of which a token needs one. Null: the request has no token. */
export function scopesOf({ scope, isForOperators }: Operation): readonly Scope[] | null {
  if (scope === null) return null;
  return isForOperators ? [scope, 'orders:ops'] : [scope];
}

/** Problems of an unexpected or invalid body. */
export const bodyProblems: readonly ProblemCode[] = [
  'JSON_INVALID',
  'VALIDATION_FAILED',
  'BODY_TOO_LARGE',
  'MEDIA_TYPE_UNSUPPORTED',
];
