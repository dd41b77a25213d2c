import { AppError, appError, errorMessage } from '../errors/index.ts';
import { tlsFault } from '../tls/index.ts';

const causesMax = 8;
const tlsSettings = {
  address: 'KAFKA_BROKERS and the advertised listeners of the brokers',
  encryption: 'KAFKA_SSL',
  ca: 'KAFKA_SSL_CA',
  cert: 'KAFKA_SSL_CERT and KAFKA_SSL_KEY',
};

/**
 * KAFKA_UNAVAILABLE for an error of kafkajs. A fault of TLS names the setting to check. `what` is the request that
 * failed.
 */
export function kafkaUnavailable(error: unknown, what?: string): AppError {
  if (error instanceof AppError && error.code === 'KAFKA_UNAVAILABLE') return error;
  const reason = kafkaFault(error) ?? reasonOf(error);
  return appError(
    'KAFKA_UNAVAILABLE',
    { reason: what === undefined ? reason : `${what}: ${reason}` },
    { cause: error },
  );
}

/** The fault of TLS or of the login in an error, with the setting to check; null for other errors. */
export function kafkaFault(error: unknown): string | null {
  return tlsFault(error, tlsSettings) ?? loginFault(error);
}

function loginFault(error: unknown): string | null {
  let link: unknown = error;
  for (let depth = 0; depth < causesMax && link instanceof Error; depth++) {
    if (link.name === 'KafkaJSSASLAuthenticationError')
      return `${link.message}; check KAFKA_SASL_MECHANISM and its settings`;
    link = link.cause;
  }
  return null;
}

/** kafkajs hides the errors of single topics in a list. */
function reasonOf(error: unknown): string {
  const { errors } = error as { errors?: { topic?: string; message: string }[] };
  if (!Array.isArray(errors)) return errorMessage(error);
  return errors.map(({ topic, message }) => `${topic ?? '?'}: ${message}`).join('; ');
}
