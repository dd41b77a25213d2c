/**
 * The note that reconciliation stores with its group offsets. An offset identifies a record in one log only. A
 * recreated topic has another id. A log that was truncated and filled again has another record before the offset.
 */

export interface PositionNote {
  topicId: string;
  /** Checksum of the record before the offset. Null if unknown. */
  lastHash: number | null;
}

const version = 'v1';
const unknown = '-';
const hashChars = 8;
const form = /^v1 ([A-Za-z0-9_-]{22}) (-|[0-9a-f]{8})$/;

/** The note in its committed form. */
export function writeNote({ topicId, lastHash }: PositionNote): string {
  const hash = lastHash === null ? unknown : lastHash.toString(16).padStart(hashChars, '0');
  return `${version} ${topicId} ${hash}`;
}

/** Reads a note. Null if another version or a person committed the offset. */
export function readNote(text: string): PositionNote | null {
  const [, topicId, hash] = form.exec(text) ?? [];
  if (topicId === undefined || hash === undefined) return null;
  return { topicId, lastHash: hash === unknown ? null : Number.parseInt(hash, 16) };
}
