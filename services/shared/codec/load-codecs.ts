import {
  COMMANDS_SUBJECT,
  EVENTS_SUBJECT,
  newestSchema,
  type OrderState,
  STATE_SUBJECT,
} from '../../../schemas/index.ts';
import { appError } from '../errors/index.ts';
import type { Logger } from '../log/index.ts';
import { backoff, retry } from '../retry/index.ts';
import { compileSchema } from './avro-types.ts';
import { type Codecs, codecsOf, type SubjectSource } from './bundled-codecs.ts';
import { type Codec, createCodec, createReaders } from './codec.ts';
import { createRegistry, type Registry } from './registry/client.ts';
import { createSchemaResolver } from './schema-resolver.ts';
import { plainShape } from './shapes.ts';

const loadAttempts = 3;
const loadBackoff = backoff({ initialMs: 100, maxMs: 1_000 });

/**
 * Loads codecs with the ids of the registry. Only reads from it: the deployment registers the schemas.
 *
 * @throws AppError SCHEMA_NOT_REGISTERED, SCHEMA_MISMATCH (fatal) or REGISTRY_UNAVAILABLE (retry)
 */
export async function loadCodecs(deps: { registryUrl: string; log: Pick<Logger, 'warn'> }): Promise<Codecs> {
  const registry = createRegistry(deps.registryUrl);
  const [commands, events] = await Promise.all([
    loadSubject(registry, COMMANDS_SUBJECT, deps.log),
    loadSubject(registry, EVENTS_SUBJECT, deps.log),
  ]);
  return codecsOf({ commands, events });
}

/**
 * Whether the registry still gives the newest command schema the id that these codecs write. `gone` means that
 * the registry does not have the schema. `changed` means that the schema has another id, as in a recreated
 * registry. Rejects with REGISTRY_UNAVAILABLE (retry).
 */
export async function checkCommandId(
  { commands }: Pick<Codecs, 'commands'>,
  deps: { registryUrl: string },
): Promise<'same' | 'gone' | 'changed'> {
  const bundled = newestSchema(COMMANDS_SUBJECT).schema;
  const schemaId = await createRegistry(deps.registryUrl).idOf(COMMANDS_SUBJECT, bundled);
  if (schemaId === null) return 'gone';
  return schemaId === commands.schemaId ? 'same' : 'changed';
}

/**
 * Like `loadCodecs`, for the states of orders. It is separate, because most services do not use these states.
 */
export async function loadStateCodec(deps: {
  registryUrl: string;
  log: Pick<Logger, 'warn'>;
}): Promise<Codec<OrderState>> {
  const source = await loadSubject(createRegistry(deps.registryUrl), STATE_SUBJECT, deps.log);
  return createCodec({ ...source, shape: plainShape() });
}

/**
 * Finds the newest bundled schema, compares it with the schema under its id, and prepares the other versions. A
 * registry that does not answer is asked again, because a command of the command line starts only once.
 */
export function loadSubject(
  registry: Registry,
  subject: string,
  log: Pick<Logger, 'warn'>,
): Promise<SubjectSource> {
  return retry(() => readSubject(registry, subject, log), { attempts: loadAttempts, backoff: loadBackoff });
}

async function readSubject(
  registry: Registry,
  subject: string,
  log: Pick<Logger, 'warn'>,
): Promise<SubjectSource> {
  const bundled = newestSchema(subject).schema;
  const schemaId = await registry.idOf(subject, bundled);
  if (schemaId === null) throw appError('SCHEMA_NOT_REGISTERED', { subject });
  await compareFingerprint(registry, subject, schemaId, bundled);
  const readers = createReaders(bundled, schemaId);
  const resolver = createSchemaResolver({ registry, subject, readers, log });
  await resolver.prepareVersions();
  return { schemaId, readers, resolveSchema: resolver.resolveSchema };
}

/**
 * Throws if the id has another schema. When a registry is wiped and the log survives, old ids get other
 * schemas.
 */
async function compareFingerprint(
  registry: Registry,
  subject: string,
  schemaId: number,
  bundled: object,
): Promise<void> {
  const stored = await registry.schemaOf(schemaId);
  if (stored === null) throw appError('SCHEMA_MISMATCH', { subject, reason: `id ${schemaId} is not there` });
  const expected = fingerprint(bundled);
  const found = fingerprint(stored);
  if (found === expected) return;
  const reason = `id ${schemaId} has the fingerprint ${found}, this build has ${expected}`;
  throw appError('SCHEMA_MISMATCH', { subject, reason });
}

/** SHA-256 of Avro's parsing canonical form, hex. */
function fingerprint(schema: object): string {
  return compileSchema(schema).fingerprint('sha256').toString('hex');
}
