import { AppError, type ErrorCode } from '../errors/index.ts';

/** Why a record can never be read, however often it is tried. */
export type PoisonCode = Extract<
  ErrorCode,
  | 'EMPTY'
  | 'TOO_SHORT'
  | 'BAD_MAGIC'
  | 'UNKNOWN_SCHEMA'
  | 'WRONG_SUBJECT'
  | 'TRUNCATED'
  | 'TRAILING_BYTES'
  | 'COUNT_TOO_LARGE'
  | 'TOO_LONG'
  | 'INVALID_UTF8'
  | 'INVALID_VALUE'
  | 'TYPE_MISMATCH'
  | 'BAD_CHECKSUM'
>;

/** The bytes are at fault: the record ends as a dead letter. */
export class PoisonError extends AppError {
  /** Of the frame, where the frame could be read. */
  readonly schemaId: number | null;

  constructor(code: PoisonCode, schemaId: number | null = null, options: { cause?: unknown } = {}) {
    super(code, { schemaId }, options);
    this.name = 'PoisonError';
    this.schemaId = schemaId;
  }
}

/**
 * The frame names a schema that is not prepared here. Ask `resolveSchema` and decode again; only where that says
 * `missing` is the record poison, with the code UNKNOWN_SCHEMA.
 */
export class UnknownSchemaError extends Error {
  readonly disposition = 'retry';
  readonly schemaId: number;

  constructor(schemaId: number) {
    super(`Schema ${schemaId} is not prepared.`);
    this.name = 'UnknownSchemaError';
    this.schemaId = schemaId;
  }
}
