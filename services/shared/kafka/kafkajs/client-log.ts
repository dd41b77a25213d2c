import loggers from 'kafkajs/src/loggers/index.js';
import { createLogger, type Logger } from '../../log/index.ts';
import { createSparseLog, type SparseLog } from './throttled-log.ts';

/** kafkajs's numbers of levels. */
const errorLevel = 1;
const warnLevel = 2;
const infoLevel = 4;
const debugLevel = 5;

const repeatEveryMs = 10_000;

interface Entry {
  namespace: string;
  level: number;
  log: { message: string; timestamp?: string; logger?: string; stack?: string; [key: string]: unknown };
}

/**
 * kafkajs's lines in our log, and sparse. What it calls an error it mostly retries by itself, several times a second, and
 * what comes of it is told by this room; at INFO it writes a line per pause and resume. Its debug level is on only while
 * ours is `trace`, as it prints per request.
 */
export function createClientLogger(log: Logger): unknown {
  const level = log.isLevelEnabled('trace')
    ? debugLevel
    : log.isLevelEnabled('debug')
      ? infoLevel
      : warnLevel;
  const sparse = createSparseLog(log, repeatEveryMs);
  return loggers.createLogger({ level, logCreator: () => (entry: Entry) => write(log, sparse, entry) });
}

/** For calls whose errors are thrown to the caller anyway. */
export function silentLogger(): Logger {
  return createLogger({ service: 'kafka', level: 'silent', instanceId: '' });
}

function write(log: Logger, sparse: SparseLog, { namespace, level, log: line }: Entry): void {
  const { message, timestamp: _timestamp, logger: _logger, stack: _stack, ...details } = line;
  const text = `kafkajs ${namespace}: ${message}`;
  if (level === errorLevel) sparse('info', details, text);
  else if (level === warnLevel || level === infoLevel) sparse('debug', details, text);
  else log.trace(details, text);
}
