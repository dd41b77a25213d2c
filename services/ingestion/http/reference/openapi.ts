/** The OpenAPI 3.1 document, generated from the operations and the schemas that validate requests. */
import { isDeepStrictEqual } from 'node:util';
import type { TSchema } from 'typebox';
import { type ProblemCode, problemTable, problemType } from '../../problems/problem-table.ts';
import { type Operation, type OperationResponse, type Parameter, scopesOf } from '../operation.ts';
import { examples } from '../schemas/examples.ts';
import { Problem } from '../schemas/problem.ts';
import { webhooksSection } from './webhook-document.ts';

type Json = { [name: string]: unknown };

/** The version rises with every released change of the API. `npm run release:openapi` checks this. */
const apiVersion = '1.2.0';

const text = { type: 'string' };
const headerTable: Readonly<Record<string, { description: string; schema: object }>> = {
  Location: {
    description: 'URL of the order or command. While it is queued, the URL contains its ticket.',
    schema: text,
  },
  'Retry-After': {
    description: 'Seconds to wait before the next request.',
    schema: { type: 'integer', minimum: 0 },
  },
  'Idempotent-Replayed': {
    description: '`true` if this order or command was already accepted earlier.',
    schema: { type: 'string', enum: ['true'] },
  },
  'Preference-Applied': { description: 'The `wait` preference that the server applied.', schema: text },
  ETag: {
    description: 'The version of the order or webhook endpoint as an entity tag.',
    schema: { type: 'string', pattern: '^"[0-9]{1,15}"$' },
  },
  RateLimit: { description: 'The remaining quota.', schema: text },
  'RateLimit-Policy': { description: 'The rate limit, in orders.', schema: text },
  'WWW-Authenticate': {
    description: 'The challenge: of a token (RFC 6750) or of a signature.',
    schema: text,
  },
};

/** Headers of every problem with this status. */
const problemHeaders: Readonly<Record<string, readonly string[]>> = {
  401: ['WWW-Authenticate'],
  429: ['Retry-After', 'RateLimit?', 'RateLimit-Policy?'],
  503: ['Retry-After'],
};

/** Problems that every operation may return. */
const commonProblems: readonly ProblemCode[] = [
  'VALIDATION_FAILED',
  'UNAUTHORIZED',
  'SCOPE_MISSING',
  'REQUEST_TIMEOUT',
  'EXPECTATION_FAILED',
  'HEADERS_TOO_LARGE',
  'BAD_REQUEST',
  'INTERNAL',
  'SHARE_USED_UP',
  'OVERLOADED',
  'AUTH_UNAVAILABLE',
];

/** Problems of operations with a token. */
const tokenProblems: ReadonlySet<ProblemCode> = new Set([
  'UNAUTHORIZED',
  'SCOPE_MISSING',
  'AUTH_UNAVAILABLE',
]);

const tags = [
  { name: 'Orders', description: 'Place, read, follow and cancel orders.' },
  { name: 'Payments', description: 'Pay an order, and callbacks of payment providers.' },
  {
    name: 'Operators',
    description:
      'Ship, deliver, return and refund orders, and erase personal data. For operators of the shop.',
  },
  { name: 'Stock', description: 'Stock of products, for operators.' },
  { name: 'Webhooks', description: 'Webhook endpoints and the events delivered to them.' },
];

export function openapiDocument(operations: readonly Operation[]): Json {
  const schemas: Json = {};
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    const path = operation.url.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: operationObject(operation, schemas) };
  }
  refer(Problem, schemas);
  const webhooks = webhooksSection((schema) => refer(schema, schemas));
  return {
    openapi: '3.1.0',
    info: {
      title: 'orderstream',
      version: apiVersion,
      description:
        'Place orders asynchronously, then poll, wait for or stream their state. Every accepted order gets exactly one outcome. HEAD returns the headers of GET without the body. A query parameter that an operation does not list is refused with 400.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags,
    paths,
    webhooks,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'Scopes: orders:read, orders:write, orders:ops, webhooks:manage.',
        },
        signature: {
          type: 'apiKey',
          in: 'header',
          name: 'webhook-signature',
          description:
            'Of payment providers: the signature of the exact body, as the provider makes it. The local provider signs as Standard Webhooks describes.',
        },
      },
    },
  };
}

function operationObject(operation: Operation, schemas: Json): Json {
  const { id, summary, description, scope, parameters, body, responses, problems } = operation;
  const common = scope === null ? commonProblems.filter((code) => !tokenProblems.has(code)) : commonProblems;
  const codes = [...new Set([...problems, ...common])];
  return {
    operationId: id,
    summary,
    ...(description === undefined ? {} : { description }),
    tags: [operation.tag ?? (scope === 'webhooks:manage' ? 'Webhooks' : 'Orders')],
    security: scopesOf(operation)?.map((one) => ({ token: [one] })) ?? [{ signature: [] }],
    ...(parameters.length === 0 ? {} : { parameters: parameters.map(parameterObject) }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: body.required,
            content: { [body.isRaw === true ? '*/*' : 'application/json']: contentOf(body.schema, schemas) },
          },
        }),
    responses: {
      ...Object.fromEntries(
        Object.entries(responses).map(([status, response]) => [status, responseObject(response, schemas)]),
      ),
      ...problemResponses(codes, operation),
    },
  };
}

function parameterObject({ in: where, name, description, required, schema }: Parameter): Json {
  return { in: where, name, description, required, schema };
}

function responseObject(
  { description, schema, mediaType = 'application/json', headers = [], example }: OperationResponse,
  schemas: Json,
): Json {
  const content =
    schema === undefined
      ? {}
      : {
          content: {
            [mediaType]: { ...contentOf(schema, schemas), ...(example === undefined ? {} : { example }) },
          },
        };
  return { description, ...headersObject(headers), ...content };
}

/** A schema and the example with the same name. */
function contentOf(schema: TSchema, schemas: Json): Json {
  const example = examples[String((schema as { $id?: string }).$id)];
  return { schema: refer(schema, schemas), ...(example === undefined ? {} : { example }) };
}

/** A question mark after a name marks an optional header. The others are always present. */
function headersObject(names: readonly string[]): Json {
  if (names.length === 0) return {};
  const fields = names.map((name) => {
    const bare = name.replace('?', '');
    return [bare, { ...headerTable[bare], required: bare === name }];
  });
  return { headers: Object.fromEntries(fields) };
}

/** One response per status, with one example per problem. */
function problemResponses(codes: readonly ProblemCode[], { url }: Operation): Json {
  const byStatus: Record<number, ProblemCode[]> = {};
  for (const code of codes) {
    const { status } = problemTable[code];
    byStatus[status] = [...(byStatus[status] ?? []), code];
  }
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, group]) => [
      status,
      {
        description: group.map((code) => problemTable[code].title).join('. '),
        ...headersObject(problemHeaders[status] ?? []),
        content: {
          'application/problem+json': {
            schema: { $ref: '#/components/schemas/Problem' },
            examples: Object.fromEntries(group.map((code) => [code, { value: exampleOf(code, url) }])),
          },
        },
      },
    ]),
  );
}

function exampleOf(code: ProblemCode, instance: string): Json {
  const { status, title, meaning } = problemTable[code];
  const errors =
    code === 'VALIDATION_FAILED' ? [{ pointer: '/items/0/quantity', detail: 'must be >= 1' }] : [];
  return {
    type: problemType(code),
    title,
    status,
    detail: meaning,
    instance,
    code,
    errors,
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  };
}

/** Makes a component of each named schema, at any depth, and returns a reference to it. */
function refer(schema: TSchema, schemas: Json): Json {
  const plain = plainSchema(schema, schemas) as Json;
  const { $id, ...rest } = plain;
  if (typeof $id !== 'string') return plain;
  const other = schemas[$id];
  if (other !== undefined && !isDeepStrictEqual(other, rest))
    throw new TypeError(`two schemas have the name ${$id}`);
  schemas[$id] = rest;
  return { $ref: `#/components/schemas/${$id}` };
}

function plainSchema(value: unknown, schemas: Json, isTop = true): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((element) => plainSchema(element, schemas, false));
  if (!isTop && typeof (value as Json)['$id'] === 'string') return refer(value as TSchema, schemas);
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, plainSchema(member, schemas, false)]),
  );
}
