import Connection from 'kafkajs/src/network/connection.js';

type Connect = (this: object) => Promise<unknown>;

const connectAlone: Connect = Connection.prototype.connect;
const underWay = new WeakMap<object, Promise<unknown>>();

/**
 * Callers that connect the same connection at the same time share one attempt. kafkajs opens a socket for each caller and
 * keeps the last one. It counts as connected when any of them is, so requests may wait in a socket that never connects.
 * You can call this any number of times.
 */
export function shareConnectAttempts(): void {
  Connection.prototype.connect = connectTogether;
}

function connectTogether(this: object): Promise<unknown> {
  const other = underWay.get(this);
  if (other !== undefined) return other;
  const attempt = connectAlone.call(this).finally(() => underWay.delete(this));
  underWay.set(this, attempt);
  return attempt;
}
