/** The generator process: runs one job and sends its result. */
import { setTimeout as sleep } from 'node:timers/promises';
import { jobOfChild, sendResult } from '../frame/child.ts';
import type { RunResult, Sample } from '../frame/types.ts';
import { driveStreams } from '../http/streams.ts';
import { driveClosed } from './closed-loop.ts';
import { driveGrpc } from './grpc-loop.ts';
import type { ClosedJob, GrpcJob, Job } from './job.ts';
import { driveOpen } from './open-loop.ts';
import { createRecorder, type Recorder } from './recorder.ts';

await sendResult(await run(jobOfChild<Job>()).catch(failed));
process.disconnect?.();

async function run(job: Job): Promise<RunResult> {
  const recorder = createRecorder(job);
  const sample = await drive(job, recorder);
  const problem = recorder.problem();
  if (problem !== null) return { ok: false, problem };
  return { ok: true, sample: { ...sample, more: { ...sample.more, accepted: recorder.acceptedInAll() } } };
}

async function drive(job: Job, recorder: Recorder): Promise<Sample> {
  switch (job.kind) {
    case 'closed':
      await driveClosed(job, recorder, measure(job, recorder));
      return recorder.sample();
    case 'grpc':
      await driveGrpc(job, recorder, measure(job, recorder));
      return recorder.sample();
    case 'open':
      await driveOpen(job, recorder);
      return recorder.sample();
    case 'streams':
      return driveStreams(job, recorder);
  }
}

async function measure({ warmUpMs, measureMs }: ClosedJob | GrpcJob, recorder: Recorder): Promise<void> {
  await sleep(warmUpMs);
  recorder.begin();
  await sleep(measureMs);
  recorder.end();
}

function failed(error: unknown): RunResult {
  return { ok: false, problem: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
