/**
 * The table `schema_migrations`: which migrations the database has, and the checksum of the file that each one came from.
 * A row of a version before the checksums has none. It gets the checksum of its file at the next run.
 */
import { hash } from 'node:crypto';
import { appError } from '../shared/errors/index.ts';
import type { Session } from '../shared/mysql/index.ts';

/** A migration that the files have. */
export interface MigrationFile {
  readonly version: number;
  readonly name: string;
  /** Text of the `.up.sql` file. */
  readonly up: string;
}

interface AppliedRow {
  readonly version: number;
  readonly name: string;
  readonly up_sha256: string | null;
}

/** Creates the table, or gives it the column of the checksums. */
export async function openAppliedMigrations(session: Session): Promise<void> {
  await session.write(
    `CREATE TABLE IF NOT EXISTS schema_migrations (version INT NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL,
       applied_at_ms BIGINT NOT NULL, up_sha256 CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL) ENGINE = InnoDB`,
  );
  const [column] = await session.rows(
    `SELECT 1 FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'schema_migrations' AND column_name = 'up_sha256'`,
  );
  if (column !== undefined) return;
  await session.write(
    'ALTER TABLE schema_migrations ADD COLUMN up_sha256 CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL',
  );
}

/**
 * Returns the versions that the database has. Adds the checksums that are missing.
 *
 * @throws MIGRATION_INVALID if no file has an applied migration
 * @throws MIGRATION_CHANGED if the file of an applied migration was edited
 */
export async function readApplied(
  session: Session,
  files: readonly MigrationFile[],
): Promise<ReadonlySet<number>> {
  const rows = await session.rows<AppliedRow>(
    'SELECT version, name, up_sha256 FROM schema_migrations ORDER BY version',
  );
  const byVersion = new Map(files.map((file) => [file.version, file]));
  // All rows are compared before one is changed.
  const found = rows.map((row) => ({ row, checksum: checksumFor(row, byVersion.get(row.version)) }));
  for (const { row, checksum } of found)
    if (row.up_sha256 === null)
      await session.write('UPDATE schema_migrations SET up_sha256 = ? WHERE version = ?', [
        checksum,
        row.version,
      ]);
  return new Set(rows.map(({ version }) => version));
}

export async function addApplied(session: Session, file: MigrationFile): Promise<void> {
  await session.write(
    'INSERT INTO schema_migrations (version, name, applied_at_ms, up_sha256) VALUES (?, ?, ?, ?)',
    [file.version, file.name, Date.now(), checksumOf(file)],
  );
}

export async function removeApplied(session: Session, { version }: MigrationFile): Promise<void> {
  await session.write('DELETE FROM schema_migrations WHERE version = ?', [version]);
}

function checksumFor({ version, name, up_sha256 }: AppliedRow, file: MigrationFile | undefined): string {
  if (file?.name !== name)
    throw appError('MIGRATION_INVALID', {
      reason: `the database has ${version} ${name}, but no file has this migration`,
    });
  const checksum = checksumOf(file);
  if (up_sha256 !== null && up_sha256 !== checksum)
    throw appError('MIGRATION_CHANGED', {
      file: `${String(version).padStart(4, '0')}_${name}.up.sql`,
      applied: up_sha256,
      checksum,
    });
  return checksum;
}

/** Git may check a file out with other line ends. So these do not count. */
function checksumOf({ up }: MigrationFile): string {
  return hash('sha256', up.replaceAll('\r\n', '\n'), 'hex');
}
