/** The environment of an ingestion process and of its clients in an arena. */
import type { OrderRequest } from '../../../cli/client/index.ts';
import type { LocalIssuer } from '../../../services/shared/auth/index.ts';
import type { Arena } from '../arena/arena.ts';
import { plantedPerson, plantedSecret, plantedSecretKeys } from '../records/planted.ts';

/** Environment of an ingestion beside the workers of an arena. */
export function apiEnv(arena: Pick<Arena, 'env'>, issuer: LocalIssuer): Record<string, string> {
  return {
    ...arena.env,
    PORT: '0',
    GRPC_PORT: '0',
    INSTANCE_ID: 'api',
    TICKET_SECRET: plantedSecret,
    WEBHOOK_SECRET_KEYS: plantedSecretKeys,
    JWKS: issuer.jwksPath,
    // A machine that runs every test at once is slow, but the product is not overloaded.
    LOOP_DELAY_LIMIT_MS: '60s',
    PRODUCE_AGE_LIMIT_MS: '60s',
    RATE_ORDERS_PER_SECOND: '100000',
    RATE_BURST_ORDERS: '100000',
  };
}

/** A valid order. Another quantity gives another body. */
export function orderOf(quantity = 1, sku = 'SKU-1'): OrderRequest {
  const { name, line1, city } = plantedPerson;
  return {
    currency: 'EUR',
    items: [{ sku, quantity }],
    shippingAddress: { name, line1, city, postalCode: '10115', country: 'DE' },
  };
}

/** Header parameters for placing an order. */
export function placeHeaders(key: string, waitSeconds = 0) {
  return {
    header: { 'Idempotency-Key': key, ...(waitSeconds > 0 ? { Prefer: `wait=${waitSeconds}` } : {}) },
  };
}
