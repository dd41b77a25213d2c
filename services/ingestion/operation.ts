/** One entry of the API, described once: the routes register from it, requests are checked by it, the OpenAPI document is made of it. */
import type { TSchema } from 'typebox';
import type { ProblemCode } from './problem-table.ts';

export type Scope = 'orders:read' | 'orders:write' | 'webhooks:manage';

export interface Parameter {
  readonly in: 'path' | 'query' | 'header';
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly schema: TSchema;
}

export interface Answer {
  readonly description: string;
  readonly schema?: TSchema;
  readonly mediaType?: string;
  /** Fields of the answer; a question mark behind the name of one that is not always there. */
  readonly headers?: readonly string[];
  readonly example?: unknown;
}

export interface Operation {
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Path in fastify's form, `/v1/orders/:id`. */
  readonly url: string;
  readonly summary: string;
  readonly description?: string;
  readonly scope: Scope;
  /** Whose share of the service it uses. */
  readonly share: 'read' | 'write';
  readonly parameters: readonly Parameter[];
  readonly body?: { readonly schema: TSchema; readonly bytesMax: number; readonly required: boolean };
  readonly answers: Readonly<Record<number, Answer>>;
  /** Beside those that every operation has. */
  readonly problems: readonly ProblemCode[];
}

/** Answers to a body where an operation takes none, or another one. */
export const bodyProblems: readonly ProblemCode[] = [
  'JSON_INVALID',
  'VALIDATION_FAILED',
  'BODY_TOO_LARGE',
  'MEDIA_TYPE_UNSUPPORTED',
];
