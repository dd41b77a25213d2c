/**
 * Checks repeatedly whether the command log and the schema registry are still the ones that ingestion started with.
 */
import { COMMANDS } from '../../../../topics/index.ts';
import { type Codecs, checkCommandId } from '../../../shared/codec/index.ts';
import { appError, errorMessage } from '../../../shared/errors/index.ts';
import type { TopicWatch } from '../../../shared/kafka/index.ts';
import type { Logger } from '../../../shared/log/index.ts';
import type { LogTrust } from './log-trust.ts';

export interface Watch {
  /** Checks once. Never rejects. */
  look(): Promise<void>;
  /** For readiness: true, or a sentence that names the problem. */
  check(): true | string;
}

interface WatchDeps {
  readonly log: Logger;
  /** Ends the process. Its supervisor starts a new one with the current log. */
  readonly fatal: (error: unknown) => void;
}

export interface LogWatchDeps extends WatchDeps {
  readonly topic: Pick<TopicWatch, 'look'>;
  /** Id of the command log that this process began with. */
  readonly logId: string;
  readonly trust: Pick<LogTrust, 'update'>;
}

export function createLogWatch({ topic, logId, trust, log, fatal }: LogWatchDeps): Watch {
  let isMissing = false;
  return {
    async look() {
      try {
        const state = await topic.look();
        isMissing = state === null;
        if (state === null) return;
        if (state.topicId === logId) trust.update(state);
        else fatal(appError('TOPIC_MISSING', { topic: COMMANDS, reason: 'it was recreated' }));
      } catch (error) {
        // Ingestion trusts remembered positions for a while longer, and then no more.
        log.debug({ reason: errorMessage(error) }, 'ingestion cannot check the command log');
      }
    },
    check: () => !isMissing || `the topic ${COMMANDS} does not exist`,
  };
}

export interface SchemaWatchDeps extends WatchDeps {
  readonly codecs: Pick<Codecs, 'commands'>;
  readonly registryUrl: string;
}

export function createSchemaWatch({ codecs, registryUrl, log, fatal }: SchemaWatchDeps): Watch {
  let isGone = false;
  return {
    async look() {
      try {
        const found = await checkCommandId(codecs, { registryUrl });
        isGone = found === 'gone';
        const reason = 'it has another id now; the registry was recreated';
        if (found === 'changed') fatal(appError('SCHEMA_MISMATCH', { subject: 'of the commands', reason }));
      } catch (error) {
        // Ingestion knows the schema id, so it writes without the registry.
        log.debug({ reason: errorMessage(error) }, 'ingestion cannot query the schema registry');
      }
    },
    check: () => !isGone || 'the schema registry lacks the command schema',
  };
}
