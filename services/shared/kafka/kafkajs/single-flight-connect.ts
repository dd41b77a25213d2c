import Connection from 'kafkajs/src/network/connection.js';

type Connect = (this: object) => Promise<unknown>;

const connectAlone: Connect = Connection.prototype.connect;
const underWay = new WeakMap<object, Promise<unknown>>();

/**
 * Lets concurrent callers of `connect` share one attempt per connection. kafkajs opens a socket for each caller
 * and keeps the last one. It treats the connection as open when any socket is open. So requests may wait for a
 * socket that never connects. You can call this function any number of times.
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
