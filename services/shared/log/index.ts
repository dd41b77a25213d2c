export { createLogger, type Logger, logLevels, setLogLevel } from './logger.ts';
export { onDroppedLines } from './standard-output.ts';
