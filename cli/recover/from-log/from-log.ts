/**
 * `orderstream recover --from-log`: rebuilds what a restored database lacks from the commands and their published
 * outcomes. Nothing that was published is decided again. Commands without an outcome stay for the workers.
 */

import { loadCodecs } from '../../../services/shared/codec/index.ts';
import { loadConfig, personalDataFields } from '../../../services/shared/config/index.ts';
import { armFailpoints } from '../../../services/shared/failpoint/index.ts';
import { createLogger } from '../../../services/shared/log/index.ts';
import { createMysql, type Session } from '../../../services/shared/mysql/index.ts';
import { createKeyWrapper } from '../../../services/shared/personal-data/index.ts';
import { workerFields } from '../../../services/worker/config.ts';
import { createCatalogue } from '../../../services/worker/store/catalogue.ts';
import { writeHalt } from '../../../services/worker/store/halts.ts';
import { adoptLogs, claimLane, releaseLanes, startAt } from '../../../services/worker/store/positions.ts';
import { createRuleBook } from '../../../services/worker/store/rule-book.ts';
import { readIds } from '../../../services/worker/takeover/log-facts.ts';
import { lostCommits } from '../../../services/worker/takeover/position-problem.ts';
import { COMMANDS, EVENTS, GROUPS } from '../../../topics/catalogue.ts';
import { CliError } from '../../errors.ts';
import { type Decoder, decoderOf } from '../../kafka/decoder.ts';
import { count, createProgress, print, table } from '../../output.ts';
import { findServers } from '../../servers.ts';
import { endHalt } from '../change.ts';
import { checkLanes } from '../lane-facts.ts';
import { type Opened, withServers } from '../opened.ts';
import { haltOf } from '../status.ts';
import { type ApplyDeps, applyBatch, type RecoveredLane } from './apply-batch.ts';
import { doubtOpenRefunds } from './open-refunds.ts';
import { batchesOf } from './recorded-batch.ts';
import { type LaneStart, outcomesOf, pairsOf } from './recorded-log.ts';
import { payShortages } from './recovered-stock.ts';

export interface FromLogOptions {
  readonly name: string;
  readonly execute?: boolean;
}

/** What the outcome topic has beyond the tables, for one lane. */
interface LanePlan {
  readonly start: LaneStart;
  readonly outcomes: number;
  /** Source offset of the last outcome. */
  readonly last: number;
  readonly kinds: ReadonlyMap<string, number>;
}

const owner = 'recover';
/** A session that pauses for this long between two batches may be closed by the server. The reads of the log can be slow. */
const sessionIdleSeconds = 600;

/**
 * Shows what would be applied; with `execute` it applies it. A run that was interrupted continues when it is repeated.
 *
 * @throws CliError if workers run, if a log lacks a command or an outcome, or if an outcome cannot be rebuilt
 */
export async function recoverFromLog(options: FromLogOptions): Promise<void> {
  const servers = await findServers(options.name, process.env, ['kafka', 'mysql', 'registry']);
  const { failpoints, nodeEnv, returnWindowMs } = loadConfig(process.env, recoverFields);
  armFailpoints(failpoints, { production: nodeEnv === 'production', log: print });
  const log = createLogger({ service: 'cli', level: 'silent', instanceId: 'cli' });
  const codecs = await loadCodecs({ registryUrl: servers.schemaRegistryUrl, log });
  const decoder = decoderOf(codecs);
  await withServers(options.name, async (opened) => {
    const plans: LanePlan[] = [];
    for (const start of await startsOf(opened)) plans.push(await planOf(opened, decoder, start));
    const lacking = plans.filter(({ outcomes }) => outcomes > 0);
    show(lacking);
    if (!options.execute) return print('dry run: nothing was changed; --execute applies these outcomes');
    const mysql = createMysql({ url: servers.mysqlUrl, log, poolSize: 1 });
    try {
      const session = await mysql.connect({ scripts: true, waitTimeoutSeconds: sessionIdleSeconds });
      const { personalDataKeys } = loadConfig(process.env, personalDataFields);
      const keyWrapper = createKeyWrapper(personalDataKeys);
      const [catalogue, ruleBook] = [createCatalogue(), createRuleBook()];
      const deps = { session, codecs, catalogue, ruleBook, keyWrapper, returnWindowMs, log };
      if (lacking.length > 0) await applyAll(opened, decoder, deps, lacking);
      await endRecovery(
        opened,
        lacking.reduce((sum, { outcomes }) => sum + outcomes, 0),
      );
      await settleStock(session);
    } finally {
      await mysql.close();
    }
    print('now start the workers, and run `orderstream verify`');
  });
}

const recoverFields = {
  failpoints: workerFields.failpoints,
  nodeEnv: workerFields.nodeEnv,
  returnWindowMs: workerFields.returnWindowMs,
};

/** Every partition of the command topic. A lane that no worker had claimed before the backup begins at its first command. */
async function startsOf(opened: Opened): Promise<LaneStart[]> {
  const checks = await checkLanes(opened);
  const other = checks.flatMap(({ row: { partition }, problem }) =>
    problem === null || lostCommits.has(problem.why) ? [] : [`lane ${partition}: ${problem.message}`],
  );
  if (other.length > 0)
    throw new CliError('a lane does not match its logs for another reason; repair it first', {
      detailLines: other,
    });
  const rows = new Map(checks.map(({ row }) => [row.partition, row]));
  const [commands, events] = [await opened.reader.ranges(COMMANDS), await opened.reader.ranges(EVENTS)];
  return commands.map((range, partition) => {
    const row = rows.get(partition);
    const outcomes = events[partition] ?? { low: 0, high: 0 };
    const { nextOffset, prevOffset } = row ?? { nextOffset: range.low, prevOffset: range.low - 1 };
    const low = Math.max(outcomes.low, row?.outcome.offset ?? 0);
    return { partition, nextOffset, prevOffset, commands: range, events: { low, high: outcomes.high } };
  });
}

async function planOf({ reader }: Opened, decoder: Decoder, start: LaneStart): Promise<LanePlan> {
  const kinds = new Map<string, number>();
  let outcomes = 0;
  let last = start.prevOffset;
  for await (const { outcome } of outcomesOf(reader, decoder, start)) {
    outcomes += 1;
    last = outcome.sourceOffset;
    kinds.set(outcome.outcome, (kinds.get(outcome.outcome) ?? 0) + 1);
  }
  return { start, outcomes, last, kinds };
}

function show(plans: readonly LanePlan[]): void {
  if (plans.length === 0) {
    print('the tables have every published outcome');
    return;
  }
  print(
    table([
      ['lane', 'position', 'published to', 'outcomes', 'by kind'],
      ...plans.map(({ start, outcomes, last, kinds }) => [
        String(start.partition),
        String(start.nextOffset),
        String(last),
        count(outcomes),
        [...kinds].map(([kind, n]) => `${kind} ${count(n)}`).join(', '),
      ]),
    ]),
  );
}

async function applyAll(
  opened: Opened,
  decoder: Decoder,
  deps: ApplyDeps,
  plans: readonly LanePlan[],
): Promise<void> {
  const members = await opened.admin.groupMembers(GROUPS.worker);
  if (members > 0)
    throw new CliError(
      `${count(members)} workers are in the group; stop all workers first. A worker that was killed leaves after its session timeout`,
    );
  const message =
    'outcomes are applied from the log; if this has stopped, run `orderstream recover --from-log --execute` again';
  // The recovery takes the place of the halt that made it necessary.
  await deps.session.transaction(async (session) => {
    await session.write('DELETE FROM pipeline_halts WHERE id = 1');
    await writeHalt(session, { why: 'recovering', message, detectedBy: owner });
    await doubtOpenRefunds(session);
  });
  const total = plans.reduce((sum, { outcomes }) => sum + outcomes, 0);
  let done = 0;
  const progress = createProgress(process.stderr);
  for (const { start } of plans) {
    let lane = await claim(opened, deps.session, start);
    for await (const batch of batchesOf(pairsOf(opened.reader, decoder, start))) {
      lane = await applyBatch(deps, lane, batch);
      done += batch.length;
      progress.show(`lane ${lane.partition}: ${count(done)} of ${count(total)} outcomes applied`);
    }
    await releaseLanes(deps.session, COMMANDS, [lane]);
  }
  progress.end();
  print(`${count(done)} outcomes applied`);
}

/** Takes the lane. A worker that still has it can commit nothing more. */
async function claim({ probe }: Opened, session: Session, start: LaneStart): Promise<RecoveredLane> {
  const { partition, nextOffset, prevOffset } = start;
  const claimed = await claimLane(session, COMMANDS, partition, { name: owner, epoch: -1 });
  const { epoch } = claimed;
  const isNew = claimed.first && (await startAt(session, COMMANDS, claimed, nextOffset));
  await adoptLogs(session, COMMANDS, claimed, await readIds(probe, COMMANDS));
  const found = isNew ? nextOffset : claimed.nextOffset;
  if (found !== nextOffset)
    throw new CliError(`lane ${partition} has moved to ${found}; run the command again`);
  return { partition, epoch, nextOffset, prevOffset };
}

/** A run that was interrupted may have left the halt, although nothing is left to apply. */
async function endRecovery(opened: Opened, outcomes: number): Promise<void> {
  const halt = await haltOf(opened.db);
  if (halt === null) return;
  await endHalt(opened.db, { command: 'from-log', outcomes, halted: halt.message.slice(0, 300) });
}

/** Says which SKUs were sold beyond their level, because the outcome that gave units back was never published. */
async function settleStock(session: Session): Promise<void> {
  const left = await payShortages(session);
  if (left.length === 0) return;
  process.exitCode = 1;
  for (const { sku, units } of left)
    print(`${sku}: orders hold ${count(units)} units more than there are. Units that come back may pay them`);
  print('once the workers have decided all commands, run this command again');
}
