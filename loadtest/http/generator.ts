/** The generator's process: runs one job and sends its result. */
import { jobOfChild, sendResult } from '../frame/child.ts';
import type { RunResult, Sample } from '../frame/types.ts';
import { driveClosed, driveOpen } from './drive.ts';
import type { Job } from './job.ts';
import { createRecorder } from './recorder.ts';
import { driveStreams } from './streams.ts';

await sendResult(await run(jobOfChild<Job>()).catch(failed));
process.disconnect?.();

async function run(job: Job): Promise<RunResult> {
  const recorder = createRecorder(job.servicePid, job.databasePid);
  let sample: Sample | null = null;
  if (job.kind === 'closed') {
    await driveClosed(job, recorder);
    sample = recorder.end();
  } else if (job.kind === 'open') {
    await driveOpen(job, recorder, () => {
      sample = recorder.end();
    });
  } else {
    sample = await driveStreams(job, recorder);
  }
  const problem = recorder.problem();
  if (problem !== null || sample === null) return { ok: false, problem: problem ?? 'nothing was measured' };
  return { ok: true, sample: { ...sample, more: { ...sample.more, accepted: recorder.acceptedInAll() } } };
}

function failed(error: unknown): RunResult {
  return { ok: false, problem: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
