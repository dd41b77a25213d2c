/** Fields that several requests have. */
import Type from 'typebox';
import { oneLinePattern } from '../../../domain/index.ts';

export const closed = { additionalProperties: false } as const;
/** The largest integer that the Avro library writes. Its limit is 2^53 - 2. */
export const amountMax = Number.MAX_SAFE_INTEGER - 1;

/** Free text for people. One line without control characters, so that labels and lists can show it. */
export const text = (maxLength: number, description: string) =>
  Type.String({ minLength: 1, maxLength, pattern: oneLinePattern, description });

/** Identifiers are visible ASCII, so each has only one spelling and needs no normalisation. */
export const identifier = (maxLength: number, description: string) =>
  Type.String({ minLength: 1, maxLength, pattern: '^[!-~]+$', description });
