/**
 * Tests preload this into a worker. It redirects connections from one local port to another one, where a
 * proxy listens. Brokers tell clients their addresses, so clients would leave a normal proxy after the first
 * answer.
 */
import net from 'node:net';

const [from, to] = (process.env['REDIRECT_PORT'] ?? '').split(':').map(Number);
const connect = net.connect as (...args: unknown[]) => net.Socket;

net.connect = ((...args: unknown[]) => {
  const [where, ...rest] = args;
  if (typeof where !== 'object' || where === null || (where as net.TcpNetConnectOpts).port !== from) {
    return connect(...args);
  }
  return connect({ ...where, port: to }, ...rest);
}) as typeof net.connect;
