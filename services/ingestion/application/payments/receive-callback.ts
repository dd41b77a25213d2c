/** Takes the callbacks of payment providers: judges them, and appends the commands that they cause. */

import type { Metrics } from '../../../shared/metrics/index.ts';
import {
  type CallbackHeaders,
  type PaymentEvent,
  type PaymentProvider,
  paymentCommand,
} from '../../../shared/payment-provider/index.ts';
import { Failure } from '../common/failure.ts';
import type { CommandLog } from '../submit/command-log.ts';

interface Callback {
  /** Name of the provider, from the URL. */
  readonly provider: string;
  readonly headers: CallbackHeaders;
  /** The exact bytes of the body. */
  readonly raw: Buffer;
}

export interface ReceiveCallback {
  /** Whether a provider of this name is configured. */
  knows(provider: string): boolean;
  /**
   * The events of a callback. The failure is PROVIDER_UNKNOWN, SIGNATURE_INVALID, or CALLBACK_UNREADABLE for a signed
   * one.
   */
  read(callback: Callback): readonly PaymentEvent[] | Failure;
  /**
   * Appends the command of each event, all with acks=all. Null, or the first failure: the provider must send the callback
   * again. The log recognises the commands that it has. `traceparent` is that of the request.
   */
  append(
    provider: string,
    events: readonly PaymentEvent[],
    traceparent: string | null,
  ): Promise<Failure | null>;
}

export interface ReceiveCallbackDeps {
  readonly providers: ReadonlyMap<string, Pick<PaymentProvider, 'readCallback'>>;
  readonly commandLog: Pick<CommandLog, 'encode' | 'append'>;
  readonly nowMs: () => number;
  readonly metrics: Metrics;
}

type CallbackResult = 'accepted' | 'refused' | 'unreadable' | 'not_produced';

export function createReceiveCallback(deps: ReceiveCallbackDeps): ReceiveCallback {
  const { providers, commandLog, nowMs, metrics } = deps;
  const count = (provider: string, result: CallbackResult): void =>
    metrics.inc('ingestion_callbacks_total', { provider, result });
  for (const provider of providers.keys()) metrics.zero('ingestion_callbacks_total', { provider });
  return {
    knows: (name) => providers.has(name),
    read({ provider: name, headers, raw }) {
      const provider = providers.get(name);
      if (provider === undefined) return new Failure('PROVIDER_UNKNOWN');
      const reading = provider.readCallback(headers, raw, nowMs());
      if (reading.kind === 'read') return reading.events;
      count(name, reading.kind);
      if (reading.kind === 'refused')
        return new Failure('SIGNATURE_INVALID', reading.reason === 'old' ? { detail: oldDetail } : {});
      return new Failure('CALLBACK_UNREADABLE', {
        detail: `The callback cannot be read: ${reading.reason}.`,
      });
    },
    async append(provider, events, traceparent) {
      const messages = events.map((event) =>
        commandLog.encode({ ...paymentCommand(provider, event, nowMs()), traceparent }),
      );
      let failure: Failure | null = null;
      if (messages.length > 0) {
        await commandLog.append(messages, (_index, end) => {
          if (end instanceof Failure) failure ??= end;
        });
      }
      count(provider, failure === null ? 'accepted' : 'not_produced');
      return failure;
    },
  };
}

const oldDetail = 'The signature is more than 5 minutes older or newer than the time of this service.';
