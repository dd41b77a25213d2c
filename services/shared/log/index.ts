export { createLogger, type Logger, logLevels } from './logger.ts';
export { onDroppedLines } from './standard-output.ts';
