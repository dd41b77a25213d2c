/** The waits of the lanes of an arena, as operators see them. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { EVENTS, GROUPS } from '../../../../topics/index.ts';
import { until } from '../../until.ts';
import type { Arena } from '../arena.ts';
import type { WorkerProcess } from '../processes/worker-process.ts';

export interface SeenWait {
  readonly partition: number;
  readonly offset: number;
  readonly place: string;
  readonly needsOperator: boolean;
  readonly why: string;
}

/** Once the fault has ended, a recovery takes at most this time. */
const wayBackMs = 30_000;

export async function readWaits({ mysql }: Arena): Promise<SeenWait[]> {
  const rows = await mysql.pool.rows<Omit<SeenWait, 'needsOperator'> & { needsOperator: number }>(
    'SELECT partition_id AS `partition`, source_offset AS `offset`, place, needs_operator AS needsOperator, why ' +
      'FROM lane_waits ORDER BY partition_id',
  );
  return rows.map((row) => ({ ...row, needsOperator: row.needsOperator === 1 }));
}

/**
 * Waits until the worker's metric reports lanes that wait at this place, and its readiness contains `why`.
 */
export async function reportedAt(worker: WorkerProcess, place: string, why: string): Promise<void> {
  await until(
    async () => {
      const waiting = await worker.metric('worker_lanes_waiting', `place="${place}"`);
      const ready = await worker.ask('/readyz');
      return waiting > 0 && ready.includes('not ready') && ready.includes(why);
    },
    { what: `lanes that wait at ${place} for ${why} being reported`, deadlineMs: 60_000, everyMs: 100 },
  );
}

/** Waits until all commands in the log are decided and published, and no wait is reported any more. */
export async function wentOn(arena: Arena, worker: WorkerProcess): Promise<void> {
  await arena.quiesce(wayBackMs);
  await until(
    async () => (await worker.ask('/readyz')).includes('"ready"') && (await readWaits(arena)).length === 0,
    { what: 'no lane being reported any more', deadlineMs: wayBackMs, everyMs: 100 },
  );
}

/** Waits until the projector has covered every outcome that is in the log now. */
export async function projectorCaughtUp({ admin }: Arena, deadlineMs: number): Promise<void> {
  await until(
    async () => {
      const ends = await admin.endOffsets(EVENTS);
      const offsets = await admin.groupOffsets(GROUPS.projector, EVENTS);
      return [...ends].every(([partition, { high }]) => high === 0n || offsets.get(partition) === high);
    },
    { what: 'the snapshot covering every outcome', deadlineMs, everyMs: 100 },
  );
}

const root = path.resolve(import.meta.dirname, '../../../..');

/** Runs `orderstream` with these arguments, like an operator of the arena. */
export function orderstream(arena: Arena, ...args: string[]): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, ...arena.env };
    execFile(process.execPath, ['cli/main.ts', ...args], { cwd: root, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), text: stdout + stderr });
    });
  });
}

/** Skips the record at which a lane waits. If the command refuses, throws with its output. */
export async function skipped(arena: Arena, partition: number, offset: number): Promise<void> {
  const at = ['--partition', String(partition), '--offset', String(offset), '--reason', 'a test'];
  const { code, text } = await orderstream(arena, 'recover', 'skip', ...at);
  if (code !== 0) throw new Error(`recover skip ended with ${code}: ${text}`);
}
