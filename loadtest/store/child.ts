/** The process of one measured run. It creates the tables, runs the subject, measures, checks and sends the result. */
import { setTimeout as sleep } from 'node:timers/promises';
import { jobOfChild, sendResult } from '../frame/child.ts';
import { createMeter } from '../frame/meter.ts';
import type { RunResult } from '../frame/types.ts';
import { createLoadData } from '../reference/load-data.ts';
import { createPerOrder } from '../reference/per-order.ts';
import { withoutGuards } from './bare-session.ts';
import { findProblem } from './checks.ts';
import { makeDatabase, restock, startLanes, withConnection } from './database.ts';
import { createOrderStream } from './order-stream.ts';
import { createOurs } from './ours.ts';
import type { StoreJob, Subject, SubjectDeps, SubjectName } from './subject.ts';

const subjects: Readonly<Record<SubjectName, (deps: SubjectDeps) => Subject>> = {
  ours: (deps) => createOurs(deps),
  oursBare: (deps) => createOurs(deps, { wrap: withoutGuards }),
  usual: createPerOrder,
  loadData: createLoadData,
};

await sendResult(await run(jobOfChild<StoreJob>()).catch(failed));
process.disconnect?.();

async function run(job: StoreJob): Promise<RunResult> {
  const { url, shape, seed, subject: name, isFilled } = job;
  if (!isFilled) await makeDatabase(url, { dedupe: name !== 'oursBare' });
  await restock(url, shape);
  const from = await withConnection(url, startLanes);
  const stream = createOrderStream({ seed, shape, keepTemplates: name === 'usual' || name === 'loadData' });
  const meter = createMeter(job.databasePid);
  const subject = subjects[name]({ url, stream, meter, connections: job.connections, from });

  await subject.start();
  await sleep(job.warmUpMs);
  meter.begin();
  await sleep(job.measureMs);
  const sample = meter.end();
  const claimed = await subject.stop();

  const ran = { from, claimed, stream, shape, takesStock: name !== 'loadData', isBare: name === 'oursBare' };
  const problem = await withConnection(url, (connection) => findProblem(connection, ran));
  return problem === null ? { ok: true, sample } : { ok: false, problem };
}

function failed(error: unknown): RunResult {
  return { ok: false, problem: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
