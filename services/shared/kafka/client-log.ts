import loggers from 'kafkajs/src/loggers/index.js';
import { createLogger, type Logger } from '../log/index.ts';

/** kafkajs's numbers of levels. */
const errorLevel = 1;
const warnLevel = 2;
const infoLevel = 4;
const debugLevel = 5;

interface Entry {
  namespace: string;
  level: number;
  log: { message: string; timestamp?: string; logger?: string; stack?: string; [key: string]: unknown };
}

/**
 * kafkajs's lines in our log, one level lower than it thinks: what it calls an error it mostly retries by itself, and
 * at INFO it writes a line per pause and resume. Its debug level is on only while ours is `trace`, as it prints per request.
 */
export function createClientLogger(log: Logger): unknown {
  const level = log.isLevelEnabled('trace')
    ? debugLevel
    : log.isLevelEnabled('debug')
      ? infoLevel
      : warnLevel;
  return loggers.createLogger({ level, logCreator: () => (entry: Entry) => write(log, entry) });
}

/** For calls whose errors are thrown to the caller anyway. */
export function silentLogger(): Logger {
  return createLogger({ service: 'kafka', level: 'silent', instanceId: '' });
}

function write(log: Logger, { namespace, level, log: line }: Entry): void {
  const { message, timestamp: _timestamp, logger: _logger, stack: _stack, ...details } = line;
  const text = `kafkajs ${namespace}: ${message}`;
  if (level === errorLevel) log.warn(details, text);
  else if (level === warnLevel) log.info(details, text);
  else if (level === infoLevel) log.debug(details, text);
  else log.trace(details, text);
}
