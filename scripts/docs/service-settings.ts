/** The settings that a service reads, from the fields that its config.ts exports. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Field } from '../../services/shared/config/index.ts';

const services = path.resolve(import.meta.dirname, '../../services');

/** The fields that a service's config.ts exports. A service without this file has no own fields. */
export async function fieldsOfService(service: string): Promise<Field<unknown>[]> {
  const file = path.join(services, service, 'config.ts');
  if (!existsSync(file)) return [];
  return Object.values((await import(file)) as Record<string, unknown>).flatMap(fieldsIn);
}

/** The fields among the members of an exported object. */
export function fieldsIn(exported: unknown): Field<unknown>[] {
  if (typeof exported !== 'object' || exported === null) return [];
  return Object.values(exported).filter(
    (value): value is Field<unknown> => typeof value?.read === 'function',
  );
}
