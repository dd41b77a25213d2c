import { schemaCatalogue } from '../../../schemas/index.ts';
import { AppError } from '../errors/index.ts';
import type { Logger } from '../log/index.ts';
import { compileSchema } from './avro-types.ts';
import { addWriter, type Readers } from './codec.ts';
import type { Registry } from './registry/client.ts';

/** Minimum time before a missing id is requested again. A random extra spreads the requests of the workers. */
const MISSING_MS_MIN = 5_000;
const MISSING_MS_MAX = 30_000;
/** Maximum number of remembered missing ids, so that a flood of invented ids cannot fill the memory. */
const MISSING_IDS_MAX = 1_000;

export interface ResolverDeps {
  registry: Registry;
  subject: string;
  readers: Readers;
  log: Pick<Logger, 'warn'>;
  nowMs?: () => number;
  random?: () => number;
}

export interface SchemaResolver {
  /** Prepares every version of the subject that the registry has. */
  prepareVersions(): Promise<void>;
  /** See `Codec.resolveSchema`. */
  resolveSchema(schemaId: number): Promise<'known' | 'missing'>;
}

/** Adds the versions of the registry to `readers`. Concurrent lookups of one id share a request. */
export function createSchemaResolver(deps: ResolverDeps): SchemaResolver {
  const { registry, subject, readers, log, nowMs = () => performance.now(), random = Math.random } = deps;
  const missingUntilMs = new Map<number, number>();
  const unreadable = new Map<number, AppError>();
  const asked = new Map<number, Promise<'known' | 'missing'>>();

  async function prepareVersions(): Promise<void> {
    const versions = (await registry.versionsOf(subject)) ?? [];
    for (const version of versions) {
      const id = await registry.idOfVersion(subject, version);
      if (readers.byId.has(id) || unreadable.has(id)) continue;
      const schema = await registry.schemaOf(id);
      if (schema !== null) prepare(id, schema, version);
    }
  }

  /**
   * A version that this build cannot read stops only readers of its records. The error names the id of the
   * version.
   */
  function prepare(id: number, schema: object, version: number): void {
    try {
      addWriter(readers, subject, id, schema);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      log.warn(
        { subject, version, schemaId: id, err: error },
        'this build cannot read a registered schema version',
      );
      unreadable.set(id, error);
    }
  }

  async function resolveSchema(schemaId: number): Promise<'known' | 'missing'> {
    if (readers.byId.has(schemaId) || readers.foreignIds.has(schemaId)) return 'known';
    const refusal = unreadable.get(schemaId);
    if (refusal !== undefined) throw refusal;
    if ((missingUntilMs.get(schemaId) ?? 0) > nowMs()) return 'missing';
    let answer = asked.get(schemaId);
    if (answer === undefined) {
      answer = ask(schemaId).finally(() => asked.delete(schemaId));
      asked.set(schemaId, answer);
    }
    return answer;
  }

  async function ask(schemaId: number): Promise<'known' | 'missing'> {
    const found = await registry.schemaOf(schemaId);
    if (found === null) {
      rememberMissing(schemaId);
      return 'missing';
    }
    await prepareVersions();
    // The id belongs to another subject, or to a deleted version of this subject. Only the schema itself shows
    // which.
    if (!readers.byId.has(schemaId) && isBundled(subject, found))
      addWriter(readers, subject, schemaId, found);
    const refusal = unreadable.get(schemaId);
    if (refusal !== undefined) throw refusal;
    if (!readers.byId.has(schemaId)) readers.foreignIds.add(schemaId);
    return 'known';
  }

  function rememberMissing(schemaId: number): void {
    missingUntilMs.delete(schemaId);
    missingUntilMs.set(schemaId, nowMs() + MISSING_MS_MIN + random() * (MISSING_MS_MAX - MISSING_MS_MIN));
    for (const oldest of missingUntilMs.keys()) {
      if (missingUntilMs.size <= MISSING_IDS_MAX) break;
      missingUntilMs.delete(oldest);
    }
  }

  return { prepareVersions, resolveSchema };
}

/** Whether the schema is a bundled version of the subject, by the fingerprint of its canonical form. */
function isBundled(subject: string, schema: object): boolean {
  try {
    const fingerprint = compileSchema(schema).fingerprint();
    return schemaCatalogue.some(
      (entry) => entry.subject === subject && compileSchema(entry.schema).fingerprint().equals(fingerprint),
    );
  } catch {
    // A schema that this codec cannot compile is foreign.
    return false;
  }
}
