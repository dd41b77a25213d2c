/**
 * Sends statements as bytes, because the driver accepts only strings. This module uses parts of the driver's
 * own query command (lib/commands/query.js and lib/base/connection.js). These parts have not changed for years,
 * and we pin the exact version. The driver still handles responses and errors.
 */
import { Connection } from 'mysql2';
import { headroomBytes, type StatementPacket } from './statement-buffer.ts';

type Done = (error: unknown, result?: unknown) => void;

/** The driver's typings do not have this interface. */
interface QueryCommand {
  start(packet: unknown, connection: Internals): unknown;
  resultsetHeader: unknown;
  options: unknown;
  _connection: Internals;
}

interface Internals {
  readonly config: { clientFlags: number };
  readonly serverCapabilityFlags?: number;
  addCommand(command: QueryCommand): void;
  writePacket(packet: { buffer: Buffer; length(): number; writeHeader(sequenceId: number): void }): void;
}

const createQuery = Connection.createQuery as unknown as (
  sql: string,
  values: undefined,
  done: Done,
  config: Internals['config'],
) => QueryCommand;

const comQuery = 3;
const clientQueryAttributes = 1 << 27;
const protocolHeaderBytes = 4;

/**
 * Queues the packet after the packets in progress on the connection. Calls `done` once, like the driver's
 * `query`.
 */
export function sendBytes(connection: Connection, { framed }: StatementPacket, done: Done): void {
  const { config } = connection as unknown as Internals;
  const command = createQuery('', undefined, done, config);
  command.start = (_packet, on) => {
    command._connection = on;
    command.options = on.config;
    on.writePacket(packetOf(framed, on.config.clientFlags & (on.serverCapabilityFlags ?? 0)));
    return command.resultsetHeader;
  };
  (connection as unknown as Internals).addCommand(command);
}

/** Fills the headroom from its end, so that the text is not moved. */
function packetOf(framed: Buffer, capabilities: number) {
  const hasAttributes = (capabilities & clientQueryAttributes) !== 0;
  const command = hasAttributes ? headroomBytes - 3 : headroomBytes - 1;
  framed[command] = comQuery;
  // The two counts say that there are no query attributes, and one set of parameters, which always exists.
  if (hasAttributes) framed.writeUInt16BE(0x0001, command + 1);
  const buffer = framed.subarray(command - protocolHeaderBytes);
  return {
    buffer,
    length: () => buffer.length,
    writeHeader(sequenceId: number) {
      buffer.writeUIntLE(buffer.length - protocolHeaderBytes, 0, 3);
      buffer[3] = sequenceId;
    },
  };
}
