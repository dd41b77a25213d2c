/**
 * Finds the differences between two versions of the API that break a client of the first version. A request may
 * only accept more, and a response may only return more. A difference that may change the meaning counts as
 * breaking.
 */

type Json = { readonly [name: string]: unknown };
interface Documents {
  readonly old: Json;
  readonly now: Json;
}
type Side = 'request' | 'answer';

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;
/** Keywords that accept less with a smaller value, and keywords that accept less with a larger value. */
const upperBounds = ['maximum', 'maxLength', 'maxItems', 'maxProperties'];
const lowerBounds = ['minimum', 'minLength', 'minItems', 'minProperties'];
const depthMax = 40;

/** One sentence per breaking change; none if every client of `old` still works. */
export function breakingChanges(old: object, now: object): string[] {
  const documents = { old: old as Json, now: now as Json };
  const found: string[] = [];
  for (const [path, oldPath] of entries(documents.old['paths'])) {
    const newPath = (documents.now['paths'] as Json)[path] as Json | undefined;
    for (const method of methods) {
      const before = oldPath[method] as Json | undefined;
      if (before === undefined) continue;
      const after = newPath?.[method] as Json | undefined;
      const where = `${method.toUpperCase()} ${path}`;
      if (after === undefined) found.push(`${where} is removed`);
      else found.push(...operationChanges(documents, before, after, where));
    }
  }
  return found;
}

function operationChanges(documents: Documents, before: Json, after: Json, where: string): string[] {
  const found = parameterChanges(documents, before, after, where);
  const [oldBody, newBody] = [
    before['requestBody'] as Json | undefined,
    after['requestBody'] as Json | undefined,
  ];
  if (newBody?.['required'] === true && oldBody?.['required'] !== true)
    found.push(`${where} now requires a body`);
  for (const [type, oldContent] of entries(oldBody?.['content'])) {
    const newContent = (newBody?.['content'] as Json | undefined)?.[type] as Json | undefined;
    if (newContent === undefined) found.push(`${where} no longer accepts ${type}`);
    else
      found.push(
        ...schemaChanges(documents, oldContent['schema'], newContent['schema'], 'request', `${where} body`),
      );
  }
  for (const [status, oldAnswer] of entries(before['responses'])) {
    const newAnswer = (after['responses'] as Json)[status] as Json | undefined;
    if (newAnswer === undefined) {
      if (status < '300') found.push(`${where} no longer returns ${status}`);
      continue;
    }
    for (const [type, oldContent] of entries(oldAnswer['content'])) {
      const newContent = (newAnswer['content'] as Json | undefined)?.[type] as Json | undefined;
      if (newContent === undefined) found.push(`${where} ${status} is no longer available as ${type}`);
      else {
        found.push(
          ...schemaChanges(
            documents,
            oldContent['schema'],
            newContent['schema'],
            'answer',
            `${where} ${status}`,
          ),
        );
      }
    }
  }
  return found;
}

function parameterChanges(documents: Documents, before: Json, after: Json, where: string): string[] {
  const named = (operation: Json) =>
    new Map(
      ((operation['parameters'] ?? []) as Json[]).map((p) => [
        `${p['in']} ${String(p['name']).toLowerCase()}`,
        p,
      ]),
    );
  const [old, now] = [named(before), named(after)];
  const found: string[] = [];
  for (const [name, parameter] of now) {
    const known = old.get(name);
    if (parameter['required'] === true && known?.['required'] !== true)
      found.push(`${where} now requires ${name}`);
    if (known !== undefined) {
      found.push(
        ...schemaChanges(documents, known['schema'], parameter['schema'], 'request', `${where} ${name}`),
      );
    }
  }
  for (const name of old.keys()) if (!now.has(name)) found.push(`${where} no longer accepts ${name}`);
  return found;
}

function schemaChanges(
  documents: Documents,
  a: unknown,
  b: unknown,
  side: Side,
  where: string,
  depth = 0,
): string[] {
  const [old, now] = [resolve(documents.old, a), resolve(documents.now, b)];
  if (depth > depthMax) return [`${where} nests too deep to compare`];
  if (side === 'answer' && isUnion(now)) return unionChanges(documents, old, now, where, depth);
  const found: string[] = [];
  if (JSON.stringify(old['type']) !== JSON.stringify(now['type'])) found.push(`${where} has another type`);
  if (side === 'request') found.push(...narrowings(old, now, where));
  const [oldMembers, newMembers] = [(old['properties'] ?? {}) as Json, (now['properties'] ?? {}) as Json];
  const [oldRequired, newRequired] = [
    (old['required'] ?? []) as string[],
    (now['required'] ?? []) as string[],
  ];
  for (const name of Object.keys(oldMembers)) {
    if (newMembers[name] === undefined) found.push(`${where}/${name} is gone`);
    else
      found.push(
        ...schemaChanges(documents, oldMembers[name], newMembers[name], side, `${where}/${name}`, depth + 1),
      );
  }
  const [weak, strong] = side === 'request' ? [oldRequired, newRequired] : [newRequired, oldRequired];
  const word = side === 'request' ? 'is now required' : 'may now be missing';
  for (const name of strong) if (!weak.includes(name)) found.push(`${where}/${name} ${word}`);
  if (old['items'] !== undefined && now['items'] !== undefined) {
    found.push(...schemaChanges(documents, old['items'], now['items'], side, `${where}/*`, depth + 1));
  }
  return found;
}

function isUnion(schema: Json): boolean {
  return Array.isArray(schema['oneOf']);
}

/**
 * Compares a response that is now one of several variants. The old schema must allow each variant, and each old
 * member must be in a variant. If the old schema was a union too, the variants are compared in order.
 */
function unionChanges(documents: Documents, old: Json, now: Json, where: string, depth: number): string[] {
  const shapes = (now['oneOf'] as unknown[]).map((shape) => resolve(documents.now, shape));
  if (isUnion(old)) {
    const before = old['oneOf'] as unknown[];
    if (before.length > shapes.length) return [`${where} has fewer variants`];
    return before.flatMap((shape, index) =>
      schemaChanges(documents, shape, shapes[index], 'answer', `${where} variant ${index + 1}`, depth + 1),
    );
  }
  const members = (old['properties'] ?? {}) as Json;
  const has = (shape: Json, name: string) => ((shape['properties'] ?? {}) as Json)[name] !== undefined;
  const gone = Object.keys(members).filter((name) => !shapes.some((shape) => has(shape, name)));
  return [
    ...gone.map((name) => `${where}/${name} is gone`),
    ...shapes.flatMap((shape) => {
      const known = Object.fromEntries(Object.entries(members).filter(([name]) => has(shape, name)));
      return schemaChanges(documents, { ...old, properties: known }, shape, 'answer', where, depth + 1);
    }),
  ];
}

function narrowings(old: Json, now: Json, where: string): string[] {
  const found: string[] = [];
  for (const keyword of [...upperBounds, ...lowerBounds]) {
    const [before, after] = [old[keyword] as number | undefined, now[keyword] as number | undefined];
    if (after === undefined) continue;
    const isNarrower =
      before === undefined || (upperBounds.includes(keyword) ? after < before : after > before);
    if (isNarrower) found.push(`${where} has a narrower ${keyword}`);
  }
  if (now['pattern'] !== undefined && now['pattern'] !== old['pattern'])
    found.push(`${where} has another pattern`);
  for (const value of (old['enum'] ?? []) as unknown[]) {
    if (now['enum'] !== undefined && !(now['enum'] as unknown[]).includes(value))
      found.push(`${where} no longer accepts ${value}`);
  }
  if (now['additionalProperties'] === false && old['additionalProperties'] !== false)
    found.push(`${where} is now closed`);
  return found;
}

function resolve(document: Json, schema: unknown): Json {
  const reference = (schema as Json | undefined)?.['$ref'];
  if (typeof reference !== 'string') return (schema ?? {}) as Json;
  const path = reference.split('/').slice(1);
  return path.reduce<unknown>((value, name) => (value as Json | undefined)?.[name], document) as Json;
}

function entries(value: unknown): [string, Json][] {
  return Object.entries((value ?? {}) as Record<string, Json>);
}
