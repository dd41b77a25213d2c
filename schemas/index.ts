import { schemaDocuments } from './generated/documents.ts';

export { commandBranches } from './command-types.ts';
export { eventDefaults, lineDefaults, orderDefaults, placeDefaults } from './defaults.ts';
export type * from './generated/types.ts';

/**
 * Compatibility in the terms of the registry. On public topics, every reader and every writer continues to work
 * (FULL). On private topics, new readers can read all records that are already in the log (BACKWARD).
 */
export type Compatibility = 'FULL_TRANSITIVE' | 'BACKWARD_TRANSITIVE';

export interface SchemaEntry {
  /** `<topic>-value`: one record type per topic. */
  subject: string;
  version: number;
  compatibility: Compatibility;
  /** The .avsc file, relative to the root of the repository. */
  path: string;
  /** The parsed .avsc. */
  schema: object;
}

export const COMMANDS_SUBJECT = 'orders.commands.v1-value';
export const EVENTS_SUBJECT = 'orders.events.v1-value';
export const STATE_SUBJECT = 'orders.state.v1-value';

const compatibilities: Record<string, Compatibility> = {
  [COMMANDS_SUBJECT]: 'BACKWARD_TRANSITIVE',
  [EVENTS_SUBJECT]: 'FULL_TRANSITIVE',
  [STATE_SUBJECT]: 'FULL_TRANSITIVE',
};

/** Every released schema, by subject and then by ascending version. */
export const schemaCatalogue: readonly SchemaEntry[] = schemaDocuments.map((document) => ({
  ...document,
  compatibility: compatibilityOf(document.subject),
}));

function compatibilityOf(subject: string): Compatibility {
  const compatibility = compatibilities[subject];
  if (compatibility === undefined) throw new Error(`no compatibility is decided for the subject ${subject}`);
  return compatibility;
}

/** The newest version of a subject. Writers encode with it, and readers use it as their schema. */
export function newestSchema(subject: string): SchemaEntry {
  const entry = schemaCatalogue.findLast((candidate) => candidate.subject === subject);
  if (entry === undefined) throw new Error(`no schema is released for the subject ${subject}`);
  return entry;
}
