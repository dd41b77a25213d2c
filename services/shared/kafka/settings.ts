import type { SASLOptions } from 'kafkajs';
import { appError } from '../errors/index.ts';
import { readCaFile } from '../tls/index.ts';

/** The settings that all Kafka clients use. */
export interface KafkaSettings {
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Prefix of every topic and group name on the wire. Callers use names without it. */
  readonly topicPrefix: string;
  /** With TLS, brokers must present a certificate for their host name. `ca` is PEM text. */
  readonly ssl: boolean | { readonly ca: string };
  readonly sasl: SASLOptions | undefined;
}

/** The fields of `kafkaFields` (shared/config). All of them except the brokers are optional here. */
export interface KafkaConfig {
  kafkaBrokers: readonly string[];
  kafkaTopicPrefix?: string;
  kafkaSsl?: boolean;
  kafkaSslCa?: string;
  kafkaSaslMechanism?: string;
  kafkaSaslUsername?: string;
  kafkaSaslPassword?: string;
}

/** kafkajs's default of 1 s is too short for a broker that is starting or collecting garbage. */
export const connectionTimeoutMs = 4_000;
export const authenticationTimeoutMs = 5_000;
/** The timeout of all requests except produce requests, which have a shorter timeout. */
export const requestTimeoutMs = 10_000;
/** Maximum delay until new partitions and moved leaders are noticed. */
export const metadataMaxAgeMs = 30_000;
/** kafkajs's retries inside one call. Together they take about 17 s. */
export const callRetry = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 20 } as const;

/**
 * Settings for all clients of one process. `clientId` should be unique per instance, because brokers log it and
 * apply quotas to it. Throws CONFIG_INVALID for a SASL mechanism without user or password. Throws it also for a
 * CA file without TLS or without a certificate.
 */
export function createKafkaConfig(config: KafkaConfig, clientId: string): KafkaSettings {
  return Object.freeze({
    brokers: Object.freeze([...config.kafkaBrokers]),
    clientId,
    topicPrefix: config.kafkaTopicPrefix ?? '',
    ssl: sslOptions(config),
    sasl: saslOptions(config),
  });
}

/** The name on the wire of a topic or group. */
export function withPrefix(settings: KafkaSettings, name: string): string {
  return settings.topicPrefix + name;
}

/** The name without the prefix. A name of another installation has no such prefix and stays unchanged. */
export function withoutPrefix(settings: KafkaSettings, name: string): string {
  return name.startsWith(settings.topicPrefix) ? name.slice(settings.topicPrefix.length) : name;
}

function sslOptions({ kafkaSsl = false, kafkaSslCa = '' }: KafkaConfig): KafkaSettings['ssl'] {
  if (kafkaSslCa === '') return kafkaSsl;
  if (!kafkaSsl) throw appError('CONFIG_INVALID', { problems: ['KAFKA_SSL_CA needs KAFKA_SSL=true'] });
  return { ca: readCaFile(kafkaSslCa, 'KAFKA_SSL_CA') };
}

function saslOptions(config: KafkaConfig): SASLOptions | undefined {
  const { kafkaSaslMechanism: mechanism = '', kafkaSaslUsername: username = '' } = config;
  const password = config.kafkaSaslPassword ?? '';
  if (mechanism === '') return undefined;
  if (username === '' || password === '') {
    throw appError('CONFIG_INVALID', {
      problems: [`KAFKA_SASL_MECHANISM=${mechanism} needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD`],
    });
  }
  if (mechanism !== 'plain' && mechanism !== 'scram-sha-256' && mechanism !== 'scram-sha-512') {
    throw appError('CONFIG_INVALID', { problems: [`KAFKA_SASL_MECHANISM=${mechanism} is not supported`] });
  }
  return { mechanism, username, password } as SASLOptions;
}
