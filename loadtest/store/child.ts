/** The process of one measured run. It creates the tables, runs the subject, measures, checks and sends the result. */
import { setTimeout as sleep } from 'node:timers/promises';
import { COMMANDS } from '../../topics/catalogue.ts';
import { jobOfChild, sendResult } from '../frame/child.ts';
import { createMeter } from '../frame/meter.ts';
import type { RunResult } from '../frame/types.ts';
import { createLoadData } from '../reference/load-data.ts';
import { createPerOrder } from '../reference/per-order.ts';
import { withoutGuards } from './bare-session.ts';
import { findCommandProblem } from './checks/commands.ts';
import { findLifeProblem } from './checks/lives.ts';
import { findProblem } from './checks/places.ts';
import { createCommandSource } from './commands/command-source.ts';
import { createLifeSource } from './commands/life-source.ts';
import { makeDatabase, restock, startLanes, takeLoadedStock, withConnection } from './database.ts';
import { fillDatabase } from './fill.ts';
import { createOrderStream } from './order-stream.ts';
import { createOurs } from './ours.ts';
import type { StoreJob, Subject, SubjectDeps, SubjectName } from './subject.ts';

const subjects: Readonly<Record<SubjectName, (deps: SubjectDeps) => Subject>> = {
  ours: (deps) => createOurs(deps),
  oursBare: (deps) => createOurs(deps, { wrap: withoutGuards }),
  oursCommands: (deps) =>
    createOurs(deps, { sourceOf: (codec) => createCommandSource(deps.stream, codec, COMMANDS, deps.from) }),
  oursLives: (deps) =>
    createOurs(deps, { sourceOf: (codec) => createLifeSource(deps.stream, codec, COMMANDS, deps.from) }),
  usual: createPerOrder,
  loadData: createLoadData,
};

/** Orders that a run of commands has for each second. No run decides more commands. */
const commandsPerSecondMax = 30_000;

await sendResult(await run(jobOfChild<StoreJob>()).catch(failed));
process.disconnect?.();

async function run(job: StoreJob): Promise<RunResult> {
  const { url, shape, pricing, seed, subject: name } = job;
  await prepare(job);
  const from = await withConnection(url, startLanes);
  const keepTemplates = name === 'usual' || name === 'loadData';
  const stream = createOrderStream({ seed, shape, pricing, keepTemplates });
  const meter = createMeter(job.databasePid);
  const subject = subjects[name]({ url, stream, meter, connections: job.connections, from });

  await subject.start();
  await sleep(job.warmUpMs);
  meter.begin();
  await sleep(job.measureMs);
  const sample = meter.end();
  const claimed = await subject.stop();

  const problem = await withConnection(url, (connection) => {
    if (name === 'oursCommands') return findCommandProblem(connection, { from, claimed, stream });
    if (name === 'oursLives') return findLifeProblem(connection, { from, claimed });
    return findProblem(connection, {
      ...{ from, claimed, stream, shape, pricing },
      takesStock: name !== 'loadData',
      isBare: name === 'oursBare',
    });
  });
  return problem === null ? { ok: true, sample } : { ok: false, problem };
}

/** Makes the tables of the run, with full stock. Commands get orders that hold stock. */
async function prepare(job: StoreJob): Promise<void> {
  const { url, shape, pricing, seed, subject } = job;
  if (subject === 'oursCommands') {
    const seconds = (job.warmUpMs + job.measureMs) / 1_000;
    await fillDatabase(url, { orders: commandsPerSecondMax * seconds, seed }, () => undefined);
    await withConnection(url, takeLoadedStock);
    return;
  }
  if (!job.isFilled) await makeDatabase(url, { dedupe: subject !== 'oursBare', pricing });
  await restock(url, shape);
}

function failed(error: unknown): RunResult {
  return { ok: false, problem: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
