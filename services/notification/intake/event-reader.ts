/** Decodes fetched records, and distinguishes records that can never be decoded from those that must wait. */
import type { OrderEvent } from '../../../schemas/index.ts';
import { type Codec, decodeProven, PoisonError, UnknownSchemaError } from '../../shared/codec/index.ts';
import { classify, errorMessage } from '../../shared/errors/index.ts';
import { headerOf, type InRecord } from '../../shared/kafka/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import { type Backoff, sleep } from '../../shared/retry/index.ts';
import type { Stall } from '../stall.ts';
import type { Slice } from './partition-buffers.ts';

export interface EventReader {
  /**
   * Decodes slices, in order within a partition. If a rebuilt registry gave the schema another id, the record
   * is read with this build's schema, provided its contents match its headers. An undecodable record is
   * counted, logged and skipped: it has no known receiver, and reconciliation reports the outcome as missing.
   * Waits while the registry is down; rejects only when `signal` fires.
   */
  read(slices: readonly Slice[], signal: AbortSignal): Promise<Map<number, OrderEvent[]>>;
}

export function createEventReader(deps: {
  codec: Pick<Codec<OrderEvent>, 'decode' | 'resolveSchema' | 'schemaId'>;
  /** Called with the reason for which records wait. */
  stall: Pick<Stall, 'begin'>;
  backoff: Backoff;
  log: Logger;
  metrics: Metrics;
}): EventReader {
  return {
    async read(slices, signal) {
      const decoded = new Map<number, OrderEvent[]>();
      for (const { partition, records } of slices) {
        const events: OrderEvent[] = [];
        for (const record of records) {
          const event = decodeNow(deps, record) ?? (await decodeLater(deps, record, signal));
          if (event !== null) events.push(event);
        }
        decoded.set(partition, events);
      }
      return decoded;
    },
  };
}

type Deps = Parameters<typeof createEventReader>[0];

/** The usual, synchronous way; null if the record needs `decodeLater`. */
function decodeNow(deps: Deps, record: InRecord): OrderEvent | null {
  try {
    return deps.codec.decode(record.value);
  } catch {
    // Decoded again, and reported, by decodeLater, which waits or skips depending on the reason.
    return null;
  }
}

async function decodeLater(deps: Deps, record: InRecord, signal: AbortSignal): Promise<OrderEvent | null> {
  for (let attempt = 1; ; attempt++) {
    try {
      return deps.codec.decode(record.value);
    } catch (error) {
      if (error instanceof PoisonError)
        return error.code === 'WRONG_SUBJECT'
          ? whateverItsId(deps, record, error)
          : leaveOut(deps, record, error);
      if (!(error instanceof UnknownSchemaError)) throw error;
      if ((await askRegistry(deps, error.schemaId, attempt)) === 'missing')
        return whateverItsId(deps, record, error);
      await sleep(deps.backoff(attempt), signal);
    }
  }
}

async function askRegistry(
  deps: Deps,
  schemaId: number,
  attempt: number,
): Promise<'known' | 'missing' | 'unclear'> {
  try {
    return await deps.codec.resolveSchema(schemaId);
  } catch (error) {
    if (classify(error) !== 'retry') throw error;
    deps.stall.begin(errorMessage(error));
    deps.log.warn(
      { err: error, schemaId, attempt },
      `outcomes wait for the schema registry: ${errorMessage(error)}`,
    );
    return 'unclear';
  }
}

function whateverItsId(deps: Deps, record: InRecord, error: Error): OrderEvent | null {
  return (
    decodeProven(deps.codec, record.value, (event) => isOutcomeOf(event, record)) ??
    leaveOut(deps, record, error)
  );
}

/** The outcome's contents match the headers of its record. */
function isOutcomeOf({ eventId, sourcePartition, sourceOffset }: OrderEvent, record: InRecord): boolean {
  return (
    sourcePartition === record.partition &&
    eventId === `${sourcePartition}-${sourceOffset}` &&
    String(headerOf(record, 'ce_id')) === eventId
  );
}

function leaveOut(deps: Deps, record: InRecord, error: Error): null {
  const { partition, offset } = record;
  deps.metrics.inc('notification_events_total', { result: 'undecodable' });
  deps.log.error(
    { partition, offset: String(offset), err: error },
    'an outcome cannot be decoded and is skipped',
  );
  return null;
}
