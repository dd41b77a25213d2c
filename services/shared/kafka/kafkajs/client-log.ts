import loggers from 'kafkajs/src/loggers/index.js';
import { createLogger, type Logger } from '../../log/index.ts';
import { kafkaFault } from '../unavailable.ts';
import { createThrottledLog, type ThrottledLog } from './throttled-log.ts';

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
 * Writes kafkajs's lines to our log, throttled. kafkajs retries most of its errors several times a second, and
 * our code reports the result. At INFO kafkajs writes a line per pause and resume. At DEBUG it writes lines per
 * request, so this level needs `trace` in our log.
 */
export function createClientLogger(log: Logger): unknown {
  const level = log.isLevelEnabled('trace')
    ? debugLevel
    : log.isLevelEnabled('debug')
      ? infoLevel
      : warnLevel;
  const throttled = createThrottledLog(log, repeatEveryMs);
  return loggers.createLogger({ level, logCreator: () => (entry: Entry) => write(log, throttled, entry) });
}

/** A logger without output, for calls whose errors reach the caller anyway. */
export function silentLogger(): Logger {
  return createLogger({ service: 'kafka', level: 'silent', instanceId: '' });
}

function write(log: Logger, throttled: ThrottledLog, { namespace, level, log: line }: Entry): void {
  const { message, timestamp: _timestamp, logger: _logger, stack: _stack, ...details } = line;
  const text = `kafkajs ${namespace}: ${message}`;
  // A fault of TLS does not pass by itself, and a client that retries reports it nowhere else.
  const fault = level === errorLevel ? kafkaFault({ message }) : null;
  if (fault !== null) throttled('warn', { ...details, fault }, text);
  else if (level === errorLevel) throttled('info', details, text);
  else if (level === warnLevel || level === infoLevel) throttled('debug', details, text);
  else log.trace(details, text);
}
