import { type DestinationStream, type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino';
import { redact } from './redact.ts';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export type Logger = PinoLogger;

export type LoggerOptions = {
  service: string;
  level: LogLevel;
  instanceId: string;
  /** Where lines go; standard output by default, written synchronously so that the last words of a dying process are kept. */
  destination?: DestinationStream;
};

/** JSON lines with `service` and `instanceId`; personal data and credentials are hidden at any depth. */
export function createLogger({ service, level, instanceId, destination }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: { service, instanceId },
      timestamp: stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (line) => redact(line) as Record<string, unknown>,
      },
      serializers: { err: (err) => err, error: (error) => error },
    },
    destination ?? pino.destination({ fd: 1, sync: true }),
  );
}
