import {
  type Bindings,
  type DestinationStream,
  type Logger as PinoLogger,
  pino,
  stdTimeFunctions,
} from 'pino';
import { redact } from './redact.ts';
import { standardOutput } from './standard-output.ts';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export type Logger = PinoLogger;

export type LoggerOptions = {
  service: string;
  level: LogLevel;
  instanceId: string;
  /** The output of the lines. The default is standard output, which never blocks (see output.ts). */
  destination?: DestinationStream;
};

/**
 * Creates a logger of JSON lines with `service` and `instanceId`. It hides personal data and credentials at any
 * depth.
 */
export function createLogger({ service, level, instanceId, destination }: LoggerOptions): Logger {
  const log = pino(
    {
      level,
      base: { service, instanceId },
      timestamp: stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (line) => redact(line) as Record<string, unknown>,
      },
      // `redact` has already turned errors into plain members.
      serializers: { err: (err) => err, error: (error) => error },
    },
    destination ?? standardOutput(),
  );
  redactBindings(log);
  return log;
}

/** The children of each logger that is not a child, as long as they are in use. */
const children = new WeakMap<Logger, Set<WeakRef<Logger>>>();
/** With more children than this, each new one removes those that are no longer in use. */
const childrenMany = 64;

/** Changes the level of a logger from `createLogger`, and of all its children. pino copies the level to a child. */
export function setLogLevel(log: Logger, level: LogLevel): void {
  log.level = level;
  for (const child of children.get(log) ?? []) {
    const present = child.deref();
    if (present !== undefined) present.level = level;
  }
}

/** pino calls its formatters for lines only. This function redacts the bindings of child loggers. */
function redactBindings(log: Logger): void {
  const { child } = log;
  const all = new Set<WeakRef<Logger>>();
  children.set(log, all);
  log.child = function redactedChild(this: Logger, bindings, options) {
    const made = child.call(this, redact(bindings) as Bindings, options);
    if (all.size > childrenMany) for (const each of all) if (each.deref() === undefined) all.delete(each);
    all.add(new WeakRef(made as unknown as Logger));
    return made;
  } as Logger['child'];
}
