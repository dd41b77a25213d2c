/**
 * The whole product as processes in an arena. Each process may end at any moment and then restarts, as under
 * a supervisor.
 */
import { errorMessage } from '../../../../services/shared/errors/index.ts';
import { sleep } from '../../../../services/shared/retry/index.ts';
import type { Arena } from '../arena.ts';
import { type Exit, spawnService, type WorkerProcess } from './worker-process.ts';

export interface Fleet {
  /** The running members of the service. */
  members(service: string): Member[];
  /** Starts one more member. It runs until it is retired. */
  add(service: string, name: string, env?: Readonly<Record<string, string>>): Promise<Member>;
  /** Stops a member with SIGTERM. It does not restart. */
  retire(member: Member): Promise<Exit>;
  /** Members that ended although nobody stopped them. */
  accidents(): readonly string[];
  /** Stops all, and returns those that did not exit with code 0. */
  stop(): Promise<string[]>;
}

export interface Member {
  readonly name: string;
  readonly service: string;
  process: WorkerProcess;
  /** Sends the signal, waits for the end and restarts it after `awayMs`. */
  hurt(signal: 'SIGKILL' | 'SIGTERM', awayMs: number): Promise<void>;
  /** Sends SIGSTOP, and resumes the process after this time. */
  freeze(ms: number): Promise<void>;
}

const restartMs = 500;
/** Low priority, because a long run must not slow down other work on a busy machine. */
const readyDeadlineMs = 300_000;
const lastLinesMax = 3;

export function createFleet(arena: Arena): Fleet {
  const members = new Map<string, Member>();
  const accidents: string[] = [];
  const restarts = new Set<Promise<void>>();
  let stopping = false;

  const add: Fleet['add'] = async (service, name, env = {}) => {
    const start = () =>
      spawnService(service, { ...arena.env, INSTANCE_ID: name, ...env }, { deadlineMs: readyDeadlineMs });
    let expected: WorkerProcess | null = null;
    const watch = (process: WorkerProcess): void => {
      void process.exited.then(async (exit) => {
        if (stopping || expected === process || members.get(name) !== member) return;
        const words = process.log.filter(({ level }) => level === 'fatal' || level === 'error');
        const last = words.slice(-lastLinesMax).map(({ msg }) => msg);
        accidents.push(`${name} ended with ${exit.signal ?? exit.code}: ${last.join(' | ')}`);
        await sleep(restartMs);
        if (!stopping) await restart();
      });
    };
    let restarting: Promise<void> | null = null;
    /** An accident may come together with a planned end. Both wait for one new process. */
    const restart = (): Promise<void> => {
      if (restarting === null) {
        restarting = startAgain().finally(() => {
          restarts.delete(restarting!);
          restarting = null;
        });
        restarts.add(restarting);
      }
      return restarting;
    };
    const startAgain = async (): Promise<void> => {
      while (!stopping && !member.process.running) {
        try {
          member.process = await start();
          if (stopping) await member.process.stop();
          else watch(member.process);
          return;
        } catch (error) {
          // This happens on an overloaded machine. The run continues without the member until it has started.
          accidents.push(`${name} did not start: ${errorMessage(error)}`);
        }
      }
    };
    const member: Member = {
      name,
      service,
      process: await start(),
      async hurt(signal, awayMs) {
        expected = member.process;
        expected.signal(signal);
        await expected.exited;
        await sleep(awayMs);
        if (!stopping) await restart();
      },
      async freeze(ms) {
        const { process } = member;
        process.signal('SIGSTOP');
        await sleep(ms);
        process.signal('SIGCONT');
      },
    };
    members.set(name, member);
    watch(member.process);
    return member;
  };

  return {
    add,
    members: (service) => [...members.values()].filter((member) => member.service === service),
    async retire(member) {
      members.delete(member.name);
      return member.process.stop();
    },
    accidents: () => accidents,
    async stop() {
      stopping = true;
      // A process that is starting now would outlive the run.
      await Promise.all(restarts);
      const ended = await Promise.all(
        [...members.values()].map(async ({ name, process }) => ({ name, exit: await process.stop() })),
      );
      return ended
        .filter(({ exit }) => exit.code !== 0)
        .map(({ name, exit }) => `${name} stopped with ${exit.signal ?? exit.code}`);
    },
  };
}
