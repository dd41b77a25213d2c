import { errorMessage } from '../errors/index.ts';
import type { Logger } from '../log/index.ts';
import type { Lifecycle } from './lifecycle.ts';

/** The part of `process` that this module uses. Tests pass their own host. */
export type Host = Pick<NodeJS.EventEmitter, 'on' | 'off'> & { exit(code: number): void };

export type Shutdown = {
  /** Drains, stops and exits with code 0. */
  request(reason: string): void;
  /** Logs the error, stops in a short time and exits with code 1. */
  fatal(error: unknown): void;
};

type Deps = {
  host: Host;
  log: Logger;
  lifecycle: Lifecycle;
  stopDeadlineMs: number;
  /** Closes everything. It is called once. */
  stop(): Promise<void>;
};

/**
 * The time for an orderly stop after `fatal`. Such a stop informs the consumer group, but must not delay the
 * restart.
 */
const fatalStopMs = 2000;

/**
 * The end of the process, in one of four ways:
 * - a signal: draining, `stop`, exit 0; exit 1 if stopping fails or exceeds the deadline
 * - a second signal: exit 1 at once
 * - `fatal`: exit 1 after a short stop
 * - an uncaught error: exit 1 at once, since its state cannot be trusted
 */
export function createShutdown({ host, log, lifecycle, stopDeadlineMs, stop }: Deps): Shutdown {
  let ending = false;
  let exited = false;
  let deadline: NodeJS.Timeout | undefined;

  const exit = (code: number): void => {
    if (exited) return;
    exited = true;
    clearTimeout(deadline);
    for (const signal of signals) host.off(signal, onSignal);
    for (const event of crashes) host.off(event, onCrash);
    host.exit(code);
  };

  const end = async (withinMs: number, code: 0 | 1): Promise<void> => {
    ending = true;
    deadline = setTimeout(() => {
      log.fatal({ deadlineMs: withinMs }, `stopping took longer than ${withinMs} ms`);
      lifecycle.failed();
      exit(1);
    }, withinMs);
    try {
      await stop();
      lifecycle.stopped();
      exit(lifecycle.state() === 'failed' ? 1 : code);
    } catch (error) {
      log.error({ err: error }, `stopping failed: ${errorMessage(error)}`);
      lifecycle.failed();
      exit(1);
    }
  };

  const onSignal = (signal: string): void => {
    if (!ending) {
      request(signal);
      return;
    }
    log.warn({ signal }, 'a second signal ends the process at once');
    lifecycle.failed();
    exit(1);
  };

  const onCrash = (error: unknown): void => {
    log.fatal({ err: error }, `an uncaught error ends the process: ${errorMessage(error)}`);
    lifecycle.failed();
    exit(1);
  };

  const request = (reason: string): void => {
    if (ending) return;
    log.info({ reason, deadlineMs: stopDeadlineMs }, 'the service is stopping');
    lifecycle.draining();
    void end(stopDeadlineMs, 0);
  };

  for (const signal of signals) host.on(signal, onSignal);
  for (const event of crashes) host.on(event, onCrash);

  return {
    request,
    fatal(error) {
      log.fatal({ err: error }, errorMessage(error));
      lifecycle.failed();
      if (!ending) void end(Math.min(fatalStopMs, stopDeadlineMs), 1);
    },
  };
}

const signals = ['SIGTERM', 'SIGINT'] as const;
const crashes = ['uncaughtException', 'unhandledRejection'] as const;
