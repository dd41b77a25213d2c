/**
 * Generates values that a JSON schema allows, and similar values that it mostly forbids. It supports the part of
 * JSON Schema that the OpenAPI document uses.
 */
import fc from 'fast-check';

export type Json = { readonly [name: string]: unknown };

const stringLengthMax = 80;
const itemsMax = 8;

/** Resolves references in `document`, an OpenAPI document. */
export function arbitraryOf(schema: unknown, document: Json): fc.Arbitrary<unknown> {
  const at = resolveSchema(schema, document);
  if (at['const'] !== undefined) return fc.constant(at['const']);
  if (Array.isArray(at['anyOf'])) {
    return fc.oneof(...at['anyOf'].map((each) => arbitraryOf(each, document)));
  }
  if (Array.isArray(at['enum'])) return fc.constantFrom(...at['enum']);
  switch (at['type']) {
    case 'object':
      return objectOf(at, document);
    case 'array':
      return arrayOf(at, document);
    case 'string':
      return stringOf(at);
    case 'null':
      return fc.constant(null);
    case 'integer':
      return integerOf(at);
    default:
      return fc.jsonValue();
  }
}

/** A schema without its `$ref`. */
export function resolveSchema(schema: unknown, document: Json): Json {
  const reference = (schema as Json | undefined)?.['$ref'];
  if (typeof reference !== 'string') return (schema ?? {}) as Json;
  const path = reference.split('/').slice(1);
  return path.reduce<unknown>((value, name) => (value as Json)[name], document) as Json;
}

function objectOf(schema: Json, document: Json): fc.Arbitrary<unknown> {
  const members = Object.entries((schema['properties'] ?? {}) as Json).map(
    ([name, member]) => [name, arbitraryOf(member, document)] as const,
  );
  const requiredKeys = (schema['required'] ?? []) as never[];
  const named = fc.record(Object.fromEntries(members), { requiredKeys });
  const rest = schema['additionalProperties'];
  if (typeof rest !== 'object') return named;
  const name = arbitraryOf({ type: 'string', ...(schema['propertyNames'] as Json | undefined) }, document);
  const maxKeys = Math.min(itemsMax, (schema['maxProperties'] as number | undefined) ?? itemsMax);
  return fc.dictionary(name as fc.Arbitrary<string>, arbitraryOf(rest, document), { maxKeys });
}

function arrayOf(schema: Json, document: Json): fc.Arbitrary<unknown> {
  const { minItems = 0, maxItems = itemsMax, uniqueItems } = schema as Record<string, number | undefined>;
  const bounds = { minLength: minItems, maxLength: Math.min(maxItems, Math.max(minItems, itemsMax)) };
  const item = arbitraryOf(schema['items'], document);
  return uniqueItems === undefined ? fc.array(item, bounds) : fc.uniqueArray(item, bounds);
}

function stringOf(schema: Json): fc.Arbitrary<string> {
  if (schema['format'] === 'uuid') return fc.uuid();
  if (schema['format'] === 'date-time') return timeText();
  const { minLength = 0, maxLength = stringLengthMax } = schema as Record<string, number>;
  const pattern = schema['pattern'] === undefined ? null : new RegExp(String(schema['pattern']), 'u');
  const any = fc.string({
    unit: 'binary',
    minLength,
    maxLength: Math.max(minLength, Math.min(maxLength, stringLengthMax)),
  });
  const longest = fc.constant('x'.repeat(maxLength));
  const shaped = pattern === null ? any : fc.oneof(fc.stringMatching(pattern), longest, any);
  const fits = (text: string): boolean => {
    const { length } = [...text];
    return length >= minLength && length <= maxLength && (pattern === null || pattern.test(text));
  };
  return shaped.filter(fits);
}

/** Times with years of four digits, as RFC 3339 requires. */
function timeText(): fc.Arbitrary<string> {
  const span = { min: new Date('1970-01-01T00:00:00Z'), max: new Date('2100-01-01T00:00:00Z') };
  return fc.date({ ...span, noInvalidDate: true }).map((date) => date.toISOString());
}

function integerOf(schema: Json): fc.Arbitrary<number> {
  const { minimum: min = Number.MIN_SAFE_INTEGER, maximum: max = Number.MAX_SAFE_INTEGER } = schema as Record<
    string,
    number
  >;
  const { const: excluded } = (schema['not'] ?? {}) as Json;
  const any = fc.oneof(fc.constantFrom(min, max), fc.integer({ min, max }));
  return any.filter((value) => value !== excluded);
}

/** A value with one change: a part is removed, replaced, added, or moved out of its limits. */
export function broken(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const change = fc.record({ where: fc.nat(), how: fc.constantFrom(...changes), with: fc.jsonValue() });
  return fc
    .tuple(value, change)
    .map(([good, { where, how, with: other }]) => changed(structuredClone(good), where, how, other));
}

const changes = ['remove', 'replace', 'add', 'grow', 'empty'] as const;
type Place = { parent: Record<string, unknown>; name: string };

function changed(value: unknown, where: number, how: (typeof changes)[number], other: unknown): unknown {
  const root = { value };
  const places = placesOf(root, 'value');
  const { parent, name } = places[where % places.length]!;
  const old = parent[name];
  if (how === 'remove' && parent !== root)
    Array.isArray(parent) ? parent.splice(Number(name), 1) : delete parent[name];
  else if (how === 'add' && typeof old === 'object' && old !== null && !Array.isArray(old))
    Object.assign(old, { surprise: other });
  else if (how === 'grow') parent[name] = grown(old);
  else if (how === 'empty') parent[name] = typeof old === 'string' ? '' : null;
  else parent[name] = other;
  return root.value;
}

function grown(value: unknown): unknown {
  if (typeof value === 'string') return value.padEnd(600, 'x');
  if (typeof value === 'number') return value > 0 ? -value : Number.MAX_SAFE_INTEGER;
  if (Array.isArray(value)) return value.flatMap((element) => Array(101).fill(element));
  return [value];
}

function placesOf(parent: object, name: string): Place[] {
  const here = { parent: parent as Record<string, unknown>, name };
  const value = here.parent[name];
  if (typeof value !== 'object' || value === null) return [here];
  return [here, ...Object.keys(value).flatMap((member) => placesOf(value, member))];
}
