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
type LogLevel = (typeof logLevels)[number];

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

/** pino calls its formatters for lines only. This function redacts the bindings of child loggers. */
function redactBindings(log: Logger): void {
  const { child } = log;
  log.child = function redactedChild(this: Logger, bindings, options) {
    return child.call(this, redact(bindings) as Bindings, options);
  } as Logger['child'];
}
