import { AppError, type ErrorCode } from '../errors/index.ts';

/** Why a record can never be decoded. A retry does not help. */
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

/** Invalid bytes, whose record becomes a dead letter. */
export class PoisonError extends AppError {
  /** The schema id from the frame, if the frame is readable. */
  readonly schemaId: number | null;

  constructor(code: PoisonCode, schemaId: number | null = null, options: { cause?: unknown } = {}) {
    super(code, { schemaId }, options);
    this.name = 'PoisonError';
    this.schemaId = schemaId;
  }
}

/**
 * The frame names a schema that is not prepared. Call `resolveSchema` and decode again. The record is poison
 * (UNKNOWN_SCHEMA) only if the result is `missing`.
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
