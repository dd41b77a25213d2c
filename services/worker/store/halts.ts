/** The halt of the whole pipeline. While its row exists, no worker decides anything. */
import { nowSql, type Queryable, textToSql } from '../../shared/mysql/index.ts';

export interface Halt {
  readonly why: string;
  readonly message: string;
  readonly detectedBy: string;
  readonly detectedAtMs: number;
}

const messageLengthMax = 500;

/** The halt, or null. */
export async function readHalt(db: Pick<Queryable, 'rows'>): Promise<Halt | null> {
  const [row] = await db.rows<Halt>(
    'SELECT why, message, detected_by AS detectedBy, detected_at_ms AS detectedAtMs FROM pipeline_halts WHERE id = 1',
  );
  return row ?? null;
}

/** Writes the halt, or keeps an existing one, because the first reason counts. */
export async function writeHalt(
  db: Pick<Queryable, 'write'>,
  { why, message, detectedBy }: Omit<Halt, 'detectedAtMs'>,
): Promise<void> {
  await db.write(
    'INSERT INTO pipeline_halts (id, why, message, detected_by, detected_at_ms) VALUES ' +
      `(1, ${textToSql(why)}, ${textToSql(message.slice(0, messageLengthMax))}, ${textToSql(detectedBy)}, ${nowSql}) ON DUPLICATE KEY UPDATE id = id`,
  );
}
