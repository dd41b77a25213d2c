import Connection from 'kafkajs/src/network/connection.js';

type Connect = (this: object) => Promise<unknown>;

const connectAlone: Connect = Connection.prototype.connect;
const underWay = new WeakMap<object, Promise<unknown>>();

/**
 * Makes callers that connect the same connection at the same time share one attempt. kafkajs makes a socket for each, keeps
 * the last, and takes it for connected as soon as any of them is: requests then wait in a socket that may never connect.
 * Safe to call any number of times.
 */
export function shareConnects(): void {
  Connection.prototype.connect = connectTogether;
}

function connectTogether(this: object): Promise<unknown> {
  const other = underWay.get(this);
  if (other !== undefined) return other;
  const attempt = connectAlone.call(this).finally(() => underWay.delete(this));
  underWay.set(this, attempt);
  return attempt;
}
