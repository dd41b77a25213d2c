/**
 * The spans of one batch. The span of the batch has links to its traced commands. Below it, each packet to the database
 * has a span. A batch without traced commands has none. So a worker begins no trace of its own.
 */
import { COMMANDS, GROUPS } from '../../../topics/catalogue.ts';
import type { Script, Session } from '../../shared/mysql/index.ts';
import {
  errorTypeOf,
  isSampled,
  packetSpec,
  processSpec,
  type TraceSpan,
  type Traces,
} from '../../shared/trace/index.ts';
import type { DecodedPart } from './decode.ts';

export interface BatchTrace {
  /** For the spans that publish the outcomes; null if the batch is not traced. */
  readonly traceparent: string | null;
  /** The ids, as members of the log lines of the batch. */
  readonly fields: Readonly<Record<string, string>>;
  /** Starts the span of the batch, which began at `startMs` (epoch ms). */
  begin(parts: readonly DecodedPart[], startMs: number): void;
  /** The session with a span around each packet. `summary` names the first one. Later ones read what the batch lacks. */
  over(session: Session, summary: string): Session;
  /** Ends the span of the batch. `errorType` says why the batch is not committed, without data. */
  end(errorType: string | null): void;
}

const noFields = {};

/** What every batch has without an SDK. */
export const noBatchTrace: BatchTrace = {
  traceparent: null,
  fields: noFields,
  begin: () => undefined,
  over: (session) => session,
  end: () => undefined,
};

/** The trace of the next batch. */
export function createBatchTrace(traces: Traces): BatchTrace {
  if (!traces.isOn) return noBatchTrace;
  let span: TraceSpan | null = null;
  return {
    get traceparent() {
      return span?.traceparent ?? null;
    },
    get fields() {
      return span?.fields ?? noFields;
    },
    begin(parts, startMs) {
      const links = sampledIn(parts);
      if (links.length === 0) return;
      const records = parts.reduce((sum, { sources }) => sum + sources.length, 0);
      const spec = processSpec({ topic: COMMANDS, group: GROUPS.worker, records, links, startMs });
      // The parent is one of the links. So the trace of a batch with one traced command is whole.
      span = traces.startChild(spec, links[0]!);
    },
    over(session, summary) {
      const parent = span?.traceparent;
      if (parent === undefined) return session;
      let name = summary;
      return traced(session, (statements) => {
        const packet = traces.startChild(packetSpec(name, statements), parent);
        name = 'read missing rows';
        return packet;
      });
    },
    end: (errorType) => span?.end(errorType),
  };
}

function sampledIn(parts: readonly DecodedPart[]): string[] {
  const found: string[] = [];
  for (const { sources } of parts) {
    for (const { content } of sources) {
      if (content.kind === 'command' && isSampled(content.command.traceparent))
        found.push(content.command.traceparent);
    }
  }
  return found;
}

/** The same session, with a span around each call that sends a packet. Its other members are those of the session. */
function traced(session: Session, startPacket: (statements: number) => TraceSpan | null): Session {
  const around = async <T>(statements: number, call: () => Promise<T>): Promise<T> => {
    const span = startPacket(statements);
    try {
      const result = await call();
      span?.end();
      return result;
    } catch (error) {
      span?.end(errorTypeOf(error));
      throw error;
    }
  };
  const own: Pick<Session, 'run' | 'rows' | 'write' | 'commit'> = {
    run: (script, options) => around(statementsOf(script), () => session.run(script, options)),
    rows: (sql, params, options) => around(1, () => session.rows(sql, params, options)),
    write: (sql, params, options) => around(1, () => session.write(sql, params, options)),
    commit: () => around(1, () => session.commit()),
  };
  return Object.assign(Object.create(session) as Session, own);
}

function statementsOf(script: Script): number {
  return script.reduce((sum, { ends }) => sum + ends.length, 0);
}
