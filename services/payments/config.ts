import {
  type ConfigOf,
  durationMs,
  int,
  kafkaFields,
  mysqlFields,
  paymentFields,
  registryFields,
} from '../shared/config/index.ts';
import { providerRules } from '../shared/payment-provider/index.ts';

/** All settings of the service that pays refunds. */
export const fields = {
  ...kafkaFields,
  ...registryFields,
  ...mysqlFields,
  ...paymentFields,
  callsInFlightMax: int('REFUNDS_IN_FLIGHT', {
    default: 16,
    min: 1,
    max: 500,
    help: 'Refunds that this process has in flight at the providers.',
  }),
  retryMinMs: durationMs('REFUND_RETRY_MIN', {
    default: 10_000,
    min: 10,
    max: 3_600_000,
    help: 'Delay after the first call of a refund without an answer. It grows to one hour.',
  }),
};

/** Rules about more than one field. */
export function rules(config: ConfigOf<typeof fields>): string[] {
  return providerRules(config, { readsCallbacks: false });
}
