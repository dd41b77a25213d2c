import {
  type ConfigOf,
  durationMs,
  int,
  kafkaFields,
  live,
  mysqlFields,
  paymentFields,
  registryFields,
} from '../shared/config/index.ts';
import { providerRules } from '../shared/payment-provider/index.ts';

const dayMs = 24 * 3_600_000;

/** All settings of the service that pays refunds. */
export const fields = {
  ...kafkaFields,
  ...registryFields,
  ...mysqlFields,
  ...paymentFields,
  callsInFlightMax: live(
    int('REFUNDS_IN_FLIGHT', {
      default: 16,
      min: 1,
      max: 500,
      help: 'Refunds that this process has in flight at the providers.',
    }),
  ),
  retryMinMs: live(
    durationMs('REFUND_RETRY_MIN', {
      default: 10_000,
      min: 10,
      max: 3_600_000,
      help: 'Delay after the first call of a refund without an answer. It grows to one hour.',
    }),
  ),
  listEveryMs: durationMs('PROVIDER_LIST_EVERY', {
    default: 15 * 60_000,
    min: 50,
    max: dayMs,
    help: 'How often the list of captures and refunds is read from each provider, for reconciliation.',
  }),
  listKeptMs: durationMs('PROVIDER_LIST_KEPT', {
    default: 35 * dayMs,
    min: 8 * dayMs,
    max: 400 * dayMs,
    help: 'Age of the oldest captures and refunds that are listed and kept. All of them are listed again within a day.',
  }),
};

/** Rules about more than one field. */
export function rules(config: ConfigOf<typeof fields>): string[] {
  return providerRules(config, { readsCallbacks: false });
}
