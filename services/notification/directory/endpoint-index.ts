/**
 * The endpoints in memory, by id and by customer. The cost of an update depends only on the number of changed
 * endpoints.
 */
import type { Endpoint } from './endpoint.ts';

export interface EndpointIndex {
  put(endpoint: Endpoint): void;
  remove(id: string): void;
  find(id: string): Endpoint | undefined;
  /** The endpoints of one customer, enabled or not. */
  ofCustomer(customerId: string): Iterable<Endpoint>;
  customers(): Iterable<[string, ReadonlyMap<string, Endpoint>]>;
  size(): number;
  enabled(): number;
}

export function createEndpointIndex(): EndpointIndex {
  const byId = new Map<string, Endpoint>();
  const byCustomer = new Map<string, Map<string, Endpoint>>();
  let enabled = 0;

  const remove = (id: string): void => {
    const endpoint = byId.get(id);
    if (endpoint === undefined) return;
    byId.delete(id);
    if (endpoint.enabled) enabled -= 1;
    const own = byCustomer.get(endpoint.customerId)!;
    own.delete(id);
    if (own.size === 0) byCustomer.delete(endpoint.customerId);
  };

  return {
    put(endpoint) {
      remove(endpoint.id);
      byId.set(endpoint.id, endpoint);
      if (endpoint.enabled) enabled += 1;
      const own = byCustomer.get(endpoint.customerId) ?? new Map<string, Endpoint>();
      byCustomer.set(endpoint.customerId, own.set(endpoint.id, endpoint));
    },
    remove,
    find: (id) => byId.get(id),
    ofCustomer: (customerId) => byCustomer.get(customerId)?.values() ?? [],
    customers: () => byCustomer,
    size: () => byId.size,
    enabled: () => enabled,
  };
}
