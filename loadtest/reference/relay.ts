/** The cheapest part of an outbox relay. It deletes the rows of committed orders, several hundred at a time. */
import type { ResultSetHeader } from 'mysql2/promise';
import type { Connection } from './connect.ts';

export interface Relay {
  /** Notifies the relay that the outbox row of this order is committed and may be deleted. */
  committed(partition: number, offset: number): void;
  /** Deletes the other rows. Resolves to the total number of deleted rows. Rejects if a row was missing. */
  finish(): Promise<number>;
}

const rowsMax = 500;

export function createRelay(connection: Connection, topic: string): Relay {
  let waiting: [number, number][] = [];
  let deleted = 0;
  let working: Promise<void> = Promise.resolve();

  const remove = async (rows: [number, number][]): Promise<void> => {
    const [result] = await connection.query<ResultSetHeader>(
      `DELETE o FROM JSON_TABLE(?, '$[*]' COLUMNS (p SMALLINT UNSIGNED PATH '$[0]', f BIGINT PATH '$[1]')) d ` +
        'STRAIGHT_JOIN outbox o ON o.topic = ? AND o.partition_id = d.p AND o.from_offset = d.f',
      [JSON.stringify(rows), topic],
    );
    deleted += result.affectedRows;
  };
  const flush = () => {
    const rows = waiting;
    waiting = [];
    if (rows.length > 0) working = working.then(() => remove(rows));
    // `finish` reports the error.
    working.catch(() => undefined);
  };

  return {
    committed(partition, offset) {
      waiting.push([partition, offset]);
      if (waiting.length >= rowsMax) flush();
    },
    async finish() {
      flush();
      await working;
      await connection.end();
      return deleted;
    },
  };
}
