/**
 * Binds a database to one installation. The keys of orders come from partition and offset of the command log. So two
 * installations with different topic prefixes cannot share tables, because their keys would collide. The first worker
 * stores its prefix. A worker with another prefix does not start. An existing database belongs to the prefix whose
 * logs have traces of its lanes.
 */

import { appError, classify, errorMessage } from '../../shared/errors/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import { nowSql, type Queryable, textToSql } from '../../shared/mysql/index.ts';
import { readAllLanes } from '../store/positions.ts';
import { type LogFactsDeps, readEventRanges, readIds } from './log-facts.ts';

export interface InstallationDeps {
  readonly logFacts: LogFactsDeps;
  readonly db: Queryable;
  readonly owner: string;
  readonly log: Logger;
}

export interface Installation {
  /**
   * Compares the stored topic prefix with the prefix of this worker, and stores it if there is none. Does nothing
   * after the first success. Rejects with INSTALLATION_MISMATCH if the database belongs to another installation.
   * Rejects with the error of a server that is unavailable.
   */
  check(): Promise<void>;
}

/** Checks the installation. If a server is unavailable, the worker still starts, and its first claim checks again. */
export async function openInstallation(deps: InstallationDeps): Promise<Installation> {
  let isOurs = false;
  const check = async () => {
    if (isOurs) return;
    await claimInstallation(deps);
    isOurs = true;
  };
  try {
    await check();
  } catch (error) {
    if (classify(error) !== 'retry') throw error;
    deps.log.warn(
      { err: error },
      `the worker cannot check the installation of the database; the first claim checks it: ${errorMessage(error)}`,
    );
  }
  return { check };
}

async function claimInstallation(deps: InstallationDeps): Promise<void> {
  const { db, owner, log } = deps;
  const { topicPrefix } = deps.logFacts.settings;
  const known = await readPrefix(db);
  if (known === null) {
    await refuseForeignLanes(deps);
    // If two workers start at the same time, the first insert counts for both.
    await db.write(
      `INSERT INTO installation (id, topic_prefix, adopted_by, adopted_at_ms) VALUES (1, ${textToSql(topicPrefix)}, ${textToSql(owner)}, ${nowSql}) ON DUPLICATE KEY UPDATE id = id`,
    );
    log.info({ topicPrefix }, 'the worker bound the database to this installation');
  }
  const prefix = known ?? (await readPrefix(db));
  if (prefix === topicPrefix) return;
  throw appError('INSTALLATION_MISMATCH', {
    reason: `its topics have the prefix "${prefix}", and KAFKA_TOPIC_PREFIX is "${topicPrefix}"; every installation needs a database of its own`,
  });
}

async function readPrefix(db: Queryable): Promise<string | null> {
  const [row] = await db.rows<{ prefix: string }>(
    'SELECT topic_prefix AS prefix FROM installation WHERE id = 1',
  );
  return row?.prefix ?? null;
}

/**
 * Throws INSTALLATION_MISMATCH for lanes of an older build without traces in the group or the outcome topic of this
 * installation.
 */
async function refuseForeignLanes({ logFacts, db }: InstallationDeps): Promise<void> {
  const { topic, groupId, admin, probe, settings } = logFacts;
  const worked = (await readAllLanes(db, topic)).filter(({ nextOffset }) => nextOffset > 0);
  if (worked.length === 0) return;
  const offsets = [...(await admin.groupOffsets(groupId, topic)).values()];
  if (offsets.some((offset) => offset !== null)) return;
  const events = [...(await readEventRanges(logFacts, await readIds(probe, topic))).values()];
  if (events.some(({ high }) => high > 0)) return;
  throw appError('INSTALLATION_MISMATCH', {
    reason:
      `${worked.length} lanes were worked on other topics than those with the prefix "${settings.topicPrefix}": neither the group nor the outcome topic ` +
      'has a trace of them. Set KAFKA_TOPIC_PREFIX to the prefix of their topics, or use another database',
  });
}
