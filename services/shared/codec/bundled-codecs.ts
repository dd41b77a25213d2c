import {
  COMMANDS_SUBJECT,
  EVENTS_SUBJECT,
  newestSchema,
  type OrderCommand,
  type OrderEvent,
  type OrderState,
  STATE_SUBJECT,
  schemaCatalogue,
} from '../../../schemas/index.ts';
import { type Codec, createCodec, createReaders, type Readers } from './codec.ts';
import { commandShape, plainShape } from './shapes.ts';

export interface Codecs {
  commands: Codec<OrderCommand>;
  events: Codec<OrderEvent>;
}

/** Prepared schemas of one subject, and how to prepare more of them. */
export interface SubjectSource {
  schemaId: number;
  readers: Readers;
  resolveSchema: (schemaId: number) => Promise<'known' | 'missing'>;
}

export function codecsOf(sources: { commands: SubjectSource; events: SubjectSource }): Codecs {
  const { commands, events } = sources;
  return {
    commands: createCodec({
      ...commands,
      shape: commandShape(commands.readers.type),
      versions: versionsOf(COMMANDS_SUBJECT),
    }),
    events: createCodec({ ...events, shape: plainShape(), versions: versionsOf(EVENTS_SUBJECT) }),
  };
}

function versionsOf(subject: string): object[] {
  return schemaCatalogue.filter((entry) => entry.subject === subject).map(({ schema }) => schema);
}

/** Codecs of the bundled schemas under ids that the caller chooses, for tests and benches without a registry. */
export function bundledCodecs(ids: { commandsId: number; eventsId: number }): Codecs {
  const commands = bundledSource(COMMANDS_SUBJECT, ids.commandsId);
  const events = bundledSource(EVENTS_SUBJECT, ids.eventsId);
  commands.readers.foreignIds.add(ids.eventsId);
  events.readers.foreignIds.add(ids.commandsId);
  return codecsOf({ commands, events });
}

/** Like `bundledCodecs`, for the states of orders. */
export function bundledStateCodec(schemaId: number): Codec<OrderState> {
  return createCodec({ ...bundledSource(STATE_SUBJECT, schemaId), shape: plainShape() });
}

function bundledSource(subject: string, schemaId: number): SubjectSource {
  const readers = createReaders(newestSchema(subject).schema, schemaId);
  const isKnown = (id: number) => readers.byId.has(id) || readers.foreignIds.has(id);
  return { schemaId, readers, resolveSchema: async (id) => (isKnown(id) ? 'known' : 'missing') };
}
