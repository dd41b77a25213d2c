import { type Connection, createConnection } from 'mysql2';
import { mysqlError } from './errors.ts';
import { type ConnectionTarget, driverOptions } from './target.ts';

/**
 * Opens a raw connection and completes the handshake, or rejects with an AppError within `timeoutMs`. With
 * `scripts`, the connection may send several statements in one packet.
 */
export function openConnection(
  target: ConnectionTarget,
  timeoutMs: number,
  scripts: boolean,
): Promise<Connection> {
  const connection = createConnection(driverOptions(target, { timeoutMs, scripts }));
  return new Promise((resolve, reject) => {
    const onFirstError = (error: unknown): void => {
      cut(connection);
      reject(mysqlError(error, { timeoutMs }));
    };
    connection.on('error', onFirstError);
    connection.connect((error) => {
      if (error) return onFirstError(error);
      connection.off('error', onFirstError);
      resolve(connection);
    });
  });
}

/**
 * Ends the connection at once. The driver's own `destroy` only half-closes the socket, and a frozen server
 * never responds to that.
 */
export function cut(connection: Connection): void {
  connection.destroy();
  (connection as unknown as { stream: { destroy(): void } }).stream.destroy();
}

export type { Connection };
