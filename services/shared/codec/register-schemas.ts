import { type SchemaEntry, schemaCatalogue } from '../../../schemas/index.ts';
import { appError } from '../errors/index.ts';
import { createRegistry, type Registry } from './registry/client.ts';

export interface SchemaReport {
  subject: string;
  /** Version in this repository. The registry has its own numbers. */
  version: number;
  schemaId: number | null;
  compatibility: string | null;
  state: 'registered' | 'was there' | 'missing';
}

/**
 * Deployment step: sets each subject's compatibility and registers every bundled version, oldest first. A
 * second run changes nothing.
 *
 * @throws AppError SCHEMA_INCOMPATIBLE (stops at the refused schema) or REGISTRY_UNAVAILABLE
 */
export async function registerSchemas(
  deps: { registryUrl: string },
  catalogue: readonly SchemaEntry[] = schemaCatalogue,
): Promise<SchemaReport[]> {
  const registry = createRegistry(deps.registryUrl);
  const reports: SchemaReport[] = [];
  for (const entry of catalogue) reports.push(await registerEntry(registry, entry));
  return reports;
}

/** Which bundled schemas the registry has. Changes nothing. */
export async function listSchemas(deps: { registryUrl: string }): Promise<SchemaReport[]> {
  const registry = createRegistry(deps.registryUrl);
  const reports: SchemaReport[] = [];
  for (const { subject, version, schema } of schemaCatalogue) {
    const schemaId = await registry.idOf(subject, schema);
    const compatibility = await registry.compatibilityOf(subject);
    const state = schemaId === null ? 'missing' : 'was there';
    reports.push({ subject, version, schemaId, compatibility, state });
  }
  return reports;
}

async function registerEntry(registry: Registry, entry: SchemaEntry): Promise<SchemaReport> {
  const { subject, version, schema, compatibility } = entry;
  const current = await registry.compatibilityOf(subject);
  // The compatibility is set before the registration, so that the registry checks with it. A subject that does
  // not exist yet gets its setting with its first schema.
  if (current !== null && current !== compatibility) await registry.setCompatibility(subject, compatibility);
  const existing = await registry.idOf(subject, schema);
  const schemaId = existing ?? (await registry.register(subject, schema, compatibility));
  const state = existing === null ? 'registered' : 'was there';
  const inForce = await registry.compatibilityOf(subject);
  if (inForce !== compatibility) {
    const reason = `its compatibility is ${inForce} instead of ${compatibility}; somebody else sets it too`;
    throw appError('REGISTRY_UNAVAILABLE', { reason: `${subject}: ${reason}` });
  }
  return { subject, version, schemaId, compatibility: inForce, state };
}
