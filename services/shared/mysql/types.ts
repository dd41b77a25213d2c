import type { Script } from './statement-buffer.ts';

/** A value for a `?`. Objects are refused by type: the driver would turn their members into SQL. */
export type Param = string | number | bigint | boolean | null | Uint8Array | Date;

/** One row by column name. BIGINT is a number while safe, a string beyond 2^53; BINARY and BLOB are Buffers. */
export type Row = Record<string, unknown>;

/** `affectedRows` counts the rows an UPDATE matched, changed or not (FOUND_ROWS); `info` is the server's text, "Records: 2 …". */
export type WriteResult = { affectedRows: number; insertId: number; info: string };

/** The result of one statement of a script. */
export type Answer = Row[] | WriteResult;

export type QueryOptions = {
  /**
   * Limit from sending a packet to its whole response. After it the connection is destroyed and MYSQL_TIMEOUT
   * thrown.
   */
  timeoutMs?: number;
};

/** Everything rejects with an `AppError`: the code gives the kind, `details.errno` the server's number. */
export type Queryable = {
  /**
   * One statement as text; `?` are filled and escaped here. Without params the text is sent unchanged and
   * unscanned.
   */
  query(sql: string, params?: readonly Param[], options?: QueryOptions): Promise<Answer>;
  /** Like `query`, for a statement that returns rows. */
  rows<T extends object = Row>(sql: string, params?: readonly Param[], options?: QueryOptions): Promise<T[]>;
  /** Like `query`, for a statement that returns no rows. */
  write(sql: string, params?: readonly Param[], options?: QueryOptions): Promise<WriteResult>;
};

/** One connection. Statements of one session run one after another in the order they were called. */
export type Session = Queryable & {
  /**
   * Sends the statements of a `StatementBuffer`, which must not change until the responses arrive. Returns one
   * result per statement, in their order. Rejects with the error of the first that fails; later ones have not
   * run. A session without `scripts` accepts one statement per packet only (INTERNAL).
   */
  run(script: Script, options?: QueryOptions): Promise<Answer[]>;
  begin(): Promise<void>;
  /**
   * Rejects with COMMIT_UNKNOWN if the connection ended while COMMIT was in flight. Then read back on another
   * session.
   */
  commit(): Promise<void>;
  rollback(): Promise<void>;
  /**
   * Begins, calls `fn` and commits. Any error leads to ROLLBACK, because a lock-wait timeout leaves half a
   * transaction open. If ROLLBACK also fails, the session is destroyed. The first error is the one thrown.
   */
  transaction<T>(fn: (session: Session) => Promise<T>): Promise<T>;
  ping(options?: QueryOptions): Promise<void>;
  /** Says goodbye to the server and closes; never rejects and never hangs. */
  close(): Promise<void>;
  /** Closes the connection at once. Everything that waits on it is rejected. */
  destroy(): void;
  /** False once the connection is known to be gone. It never becomes true again. */
  readonly alive: boolean;
  /** The server's id of the connection. */
  readonly connectionId: number;
};

export type Pool = Queryable & {
  /** `Session.transaction` on a pooled connection. */
  transaction<T>(fn: (session: Session) => Promise<T>): Promise<T>;
  stats(): { size: number; idle: number; waiting: number };
};
