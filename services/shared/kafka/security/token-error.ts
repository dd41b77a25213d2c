import { type AppError, appError } from '../../errors/index.ts';

/**
 * An error of the source of tokens. kafkajs retries it like a lost connection, because a token may be there soon.
 */
export function tokenError(reason: string, cause?: unknown): AppError {
  return Object.assign(appError('KAFKA_TOKEN_UNAVAILABLE', { reason }, { cause }), { retriable: true });
}
