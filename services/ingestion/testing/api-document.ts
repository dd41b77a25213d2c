/**
 * Checks requests and responses with the OpenAPI document. It uses another library than the service, so that the
 * two libraries check each other.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { openapiDocument } from '../http/reference/openapi.ts';
import { operations } from '../http/routes/index.ts';
import { type Json, resolveSchema } from './schema-arbitrary.ts';

export interface ApiParameter {
  readonly in: 'path' | 'query' | 'header';
  readonly name: string;
  readonly required: boolean;
  readonly schema: Json;
}

export interface ApiOperation {
  readonly id: string;
  readonly method: string;
  /** The path, with `{id}` as placeholder. */
  readonly path: string;
  /** The first scope that suffices. Null: the request needs no token. */
  readonly scope: string | null;
  readonly parameters: readonly ApiParameter[];
  readonly body: Json | null;
  readonly bodyRequired: boolean;
  readonly responses: Record<string, Json>;
}

export interface Answer {
  readonly statusCode: number;
  readonly headers: Record<string, unknown>;
  readonly body: string;
}

export const apiDocument: Json = JSON.parse(JSON.stringify(openapiDocument(operations)));

const ajv = new Ajv2020({ strict: false, allErrors: false, validateFormats: true });
formats.default(ajv);
ajv.addSchema({ $id: 'api', ...apiDocument });
const compiled = new WeakMap<object, ValidateFunction>();

/** The fault of the value, or null. */
export function faultOf(schema: Json, value: unknown): string | null {
  let validate = compiled.get(schema);
  if (validate === undefined) {
    const text = JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"api#/');
    validate = ajv.compile(JSON.parse(text));
    compiled.set(schema, validate);
  }
  return validate(value) ? null : ajv.errorsText(validate.errors);
}

export const apiOperations: readonly ApiOperation[] = Object.entries(
  apiDocument['paths'] as Record<string, Record<string, Json>>,
).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => {
    const request = operation['requestBody'] as Json | undefined;
    const content = request?.['content'] as Record<string, Json> | undefined;
    return {
      id: String(operation['operationId']),
      method: method.toUpperCase(),
      path,
      scope: (operation['security'] as { token?: string[] }[])[0]?.token?.[0] ?? null,
      parameters: (operation['parameters'] ?? []) as ApiParameter[],
      body: (content?.['application/json']?.['schema'] as Json | undefined) ?? null,
      bodyRequired: request?.['required'] === true,
      responses: operation['responses'] as Record<string, Json>,
    };
  }),
);

/** The difference between the response and the document, or null. */
export function answerFault(
  { responses }: ApiOperation,
  { statusCode, headers, body }: Answer,
): string | null {
  const response = responses[statusCode];
  if (response === undefined) return `${statusCode} is not documented`;
  for (const [name, header] of Object.entries((response['headers'] ?? {}) as Record<string, Json>)) {
    const fault = headerFault(header, headers[name.toLowerCase()]);
    if (fault !== null) return `${name}: ${fault}`;
  }
  const content = response['content'] as Record<string, Json> | undefined;
  if (content === undefined) return body === '' ? null : 'has a body that is not documented';
  const mediaType = String(headers['content-type']).split(';')[0]!;
  const schema = content[mediaType]?.['schema'] as Json | undefined;
  if (schema === undefined) return `comes as ${mediaType}`;
  return mediaType.endsWith('json') ? faultOf(schema, JSON.parse(body)) : null;
}

function headerFault(header: Json, field: unknown): string | null {
  if (field === undefined) return header['required'] === true ? 'is missing' : null;
  return parameterFault(header['schema'] as Json, String(field));
}

/** The fault of a value in text form, or null. */
export function parameterFault(schema: Json, text: string): string | null {
  const { type } = resolveSchema(schema, apiDocument);
  const value = type === 'integer' && /^-?\d+$/.test(text) ? Number(text) : text;
  return faultOf(schema, value);
}
