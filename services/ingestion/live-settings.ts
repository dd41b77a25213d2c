/** Live settings in the form in which parts of ingestion read them. Each read gives the present value. */
import type { ServiceContext } from '../shared/lifecycle/index.ts';
import type { AdmissionLimits } from './application/limits/admission.ts';
import type { ApiFlags } from './application/limits/flags.ts';
import type { RateLimits } from './application/limits/leases.ts';
import type { ingestionFields } from './config.ts';

type LiveSettings = ServiceContext<typeof ingestionFields>['live'];

/** The rate of one caller. */
export function rateLimitsOf(live: LiveSettings): RateLimits {
  return {
    get ordersPerSecond() {
      return live.now.rateOrdersPerSecond;
    },
    get burstOrders() {
      return live.now.rateBurstOrders;
    },
  };
}

/** The limits of admission. */
export function admissionLimitsOf(live: LiveSettings): AdmissionLimits {
  return {
    get loopDelayMs() {
      return live.now.loopDelayLimitMs;
    },
    get produceAgeMs() {
      return live.now.produceAgeLimitMs;
    },
    get lagMs() {
      return live.now.lagLimitMs;
    },
  };
}

/** The flags of the API. */
export function apiFlagsOf(live: LiveSettings): ApiFlags {
  return {
    get intake() {
      return live.now.intakeOn;
    },
    get batch() {
      return live.now.batchOn;
    },
    get waits() {
      return live.now.waitsOn;
    },
    get streams() {
      return live.now.streamsOn;
    },
    get quotes() {
      return live.now.quotesOn;
    },
  };
}
