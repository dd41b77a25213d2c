import type { Script } from './statement-buffer.ts';

/** A value for a `?`. The type excludes objects, because the driver would turn their members into SQL. */
export type Param = string | number | bigint | boolean | null | Uint8Array | Date;

/** One row by column name. A BIGINT is a number, or a string beyond 2^53. BINARY and BLOB are Buffers. */
export type Row = Record<string, unknown>;

/** `affectedRows` counts the rows that an UPDATE matched, changed or not (FOUND_ROWS). `info` is the server's text. */
export type WriteResult = { affectedRows: number; insertId: number; info: string };

/** The result of one statement of a script. */
export type Answer = Row[] | WriteResult;

export type QueryOptions = {
  /**
   * The time limit from sending a packet to its whole response. After it, the session destroys the connection
   * and throws MYSQL_TIMEOUT.
   */
  timeoutMs?: number;
};

/** All methods reject with an `AppError`. Its code is the kind, and `details.errno` is the server's number. */
export type Queryable = {
  /**
   * Runs one statement as text, with `?` replaced by escaped params. Without params, the text is sent
   * unchanged.
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
   * result per statement, in their order. Rejects with the error of the first failed statement; later
   * statements have not run. A session without `scripts` accepts only one statement per packet (INTERNAL).
   */
  run(script: Script, options?: QueryOptions): Promise<Answer[]>;
  begin(): Promise<void>;
  /**
   * Rejects with COMMIT_UNKNOWN if the connection ended while COMMIT was in flight. Then read the rows on
   * another session.
   */
  commit(): Promise<void>;
  rollback(): Promise<void>;
  /**
   * Begins, calls `fn` and commits. Any error leads to ROLLBACK, because a lock-wait timeout leaves half a
   * transaction open. If ROLLBACK also fails, the session is destroyed. The first error is the one thrown.
   */
  transaction<T>(fn: (session: Session) => Promise<T>): Promise<T>;
  ping(options?: QueryOptions): Promise<void>;
  /** Ends the connection in an orderly way. Never rejects and never hangs. */
  close(): Promise<void>;
  /** Closes the connection at once, and rejects all pending calls. */
  destroy(): void;
  /** False after the session has ended. It never becomes true again. */
  readonly alive: boolean;
  /** Whether there is a newer login. Then the owner replaces the session when it has no transaction. */
  readonly outdated: boolean;
  /** The server's id of the connection. */
  readonly connectionId: number;
};

export type Pool = Queryable & {
  /** `Session.transaction` on a pooled connection. */
  transaction<T>(fn: (session: Session) => Promise<T>): Promise<T>;
  stats(): { size: number; idle: number; waiting: number };
};
