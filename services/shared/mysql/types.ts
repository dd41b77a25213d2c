import type { Script } from './statement-buffer.ts';

/** A value for a `?`. Objects are refused by type: the driver would turn their members into SQL. */
export type Param = string | number | bigint | boolean | null | Uint8Array | Date;

/** One row by column name. BIGINT is a number while safe, a string beyond 2^53; BINARY and BLOB are Buffers. */
export type Row = Record<string, unknown>;

/** `affectedRows` counts the rows an UPDATE matched, changed or not (FOUND_ROWS); `info` is the server's text, "Records: 2 …". */
export type WriteResult = { affectedRows: number; insertId: number; info: string };

/** What one statement of a script gave. */
export type Answer = Row[] | WriteResult;

export type QueryOptions = {
  /** From sending to the whole answer, packet by packet; then the connection is destroyed and MYSQL_TIMEOUT thrown. */
  timeoutMs?: number;
};

/** Everything rejects with an `AppError`: the code says the kind, `details.errno` the server's number. */
export type Queryable = {
  /** One statement as text; `?` are filled and escaped here. Without params the text goes out untouched and unscanned. */
  query(sql: string, params?: readonly Param[], options?: QueryOptions): Promise<Answer>;
  /** As `query`, for a statement that gives rows. */
  rows<T extends object = Row>(sql: string, params?: readonly Param[], options?: QueryOptions): Promise<T[]>;
  /** As `query`, for a statement that gives none. */
  write(sql: string, params?: readonly Param[], options?: QueryOptions): Promise<WriteResult>;
};

/** One connection. Statements of one session run one after another in the order they were called. */
export type Session = Queryable & {
  /**
   * Statements that were laid out in a `StatementBuffer`, which must stay as it is until the answers: one for each, in
   * their order. Rejects with the error of the first that fails; those behind it have not been worked. A session that
   * was not opened with `scripts` takes one statement a packet only (INTERNAL).
   */
  run(script: Script, options?: QueryOptions): Promise<Answer[]>;
  begin(): Promise<void>;
  /** COMMIT_UNKNOWN when the connection ended while it was in flight; then read back on another session. */
  commit(): Promise<void>;
  rollback(): Promise<void>;
  /**
   * begin, `fn`, commit; after any error ROLLBACK (a lock-wait timeout leaves half a transaction standing), and
   * the session is destroyed when even that fails. The first error is the one thrown.
   */
  transaction<T>(fn: (session: Session) => Promise<T>): Promise<T>;
  ping(options?: QueryOptions): Promise<void>;
  /** Says goodbye to the server and closes; never rejects and never hangs. */
  close(): Promise<void>;
  /** Cuts the connection now; whatever waits on it is rejected. */
  destroy(): void;
  /** False from the moment that the connection is known to be gone. It does not come back. */
  readonly alive: boolean;
  /** The server's id of the connection. */
  readonly connectionId: number;
};

export type Pool = Queryable & {
  /** `Session.transaction` on a pooled connection. */
  transaction<T>(fn: (session: Session) => Promise<T>): Promise<T>;
  stats(): { size: number; idle: number; waiting: number };
};
