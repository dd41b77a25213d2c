/** The spans of the calls that one step of a refund makes to its provider. */
import { providerSpec, type Traces } from '../../shared/trace/index.ts';
import type { RefundCaller } from './perform.ts';

export interface TracedCaller {
  readonly provider: RefundCaller;
  /** The traceparent of the last call, for the command with its result; null if it is not traced. */
  readonly traceparent: () => string | null;
}

/** A caller that makes the same calls. The first call may begin a trace, and later ones belong to it. */
export function traceCalls(traces: Traces, provider: RefundCaller): TracedCaller {
  if (!traces.isOn) return { provider, traceparent: () => null };
  let last: string | null = null;
  const around = async <R extends { status: string }>(call: string, run: () => Promise<R>): Promise<R> => {
    const spec = providerSpec(call, provider.name);
    const span = last === null ? traces.startRoot(spec) : traces.startChild(spec, last);
    last = span?.traceparent ?? last;
    try {
      const result = await run();
      span?.end(failures.has(result.status) ? result.status : null);
      return result;
    } catch (error) {
      span?.end('thrown');
      throw error;
    }
  };
  return {
    provider: {
      name: provider.name,
      refund: (request) => around('refund', () => provider.refund(request)),
      findRefund: (...args) => around('findRefund', () => provider.findRefund(...args)),
    },
    traceparent: () => last,
  };
}

/** Answers without the refund that was asked for. */
const failures: ReadonlySet<string> = new Set(['unknown', 'refused', 'failed']);
