import { PARTITIONS } from '../../topics/index.ts';
import { durationMs, int, kafkaFields, mysqlFields } from '../shared/config/index.ts';

/** All settings of the observer. */
export const fields = {
  ...kafkaFields,
  ...mysqlFields,
  everyMs: durationMs('OBSERVE_EVERY', {
    default: 2_000,
    min: 100,
    max: 15_000,
    help: 'Time between two readings of lanes and groups.',
  }),
  workersMin: int('SCALE_WORKERS_MIN', {
    default: 2,
    min: 1,
    max: PARTITIONS,
    help: 'Smallest number of workers that /scale/worker asks for.',
  }),
  workersMax: int('SCALE_WORKERS_MAX', {
    default: PARTITIONS,
    min: 1,
    max: PARTITIONS,
    help: 'Largest number of workers that /scale/worker asks for. More workers than partitions are idle.',
  }),
  workerRate: int('SCALE_WORKER_RATE', {
    default: 1_900,
    min: 1,
    max: 1_000_000,
    help: 'Commands per second that one worker processes, until a backlog shows its real rate. The measured rate is used between a quarter of this number and four times it.',
  }),
  drainMs: durationMs('SCALE_DRAIN', {
    default: 10_000,
    min: 1_000,
    max: 600_000,
    help: 'Time in which /scale/worker wants a backlog to be gone.',
  }),
};

/** Rules that concern more than one setting. */
export function rules({ workersMin, workersMax }: { workersMin: number; workersMax: number }): string[] {
  return workersMin <= workersMax ? [] : ['SCALE_WORKERS_MIN is above SCALE_WORKERS_MAX'];
}
