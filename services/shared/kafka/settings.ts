import type { SASLOptions } from 'kafkajs';
import { appError } from '../errors/index.ts';
import { readCaFile } from '../tls/index.ts';

/** What every client of the room is made from. */
export interface KafkaSettings {
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Put in front of every topic and group name on the wire; callers never see it. */
  readonly topicPrefix: string;
  /** Brokers have to present a certificate of their host name; `ca` is PEM text. */
  readonly ssl: boolean | { readonly ca: string };
  readonly sasl: SASLOptions | undefined;
}

/** The fields of `kafkaFields` (shared/config); all but the brokers have defaults there. */
export interface KafkaConfig {
  kafkaBrokers: readonly string[];
  kafkaTopicPrefix?: string;
  kafkaSsl?: boolean;
  kafkaSslCa?: string;
  kafkaSaslMechanism?: string;
  kafkaSaslUsername?: string;
  kafkaSaslPassword?: string;
}

/** kafkajs's default of 1 s fails on a broker that is starting or collecting garbage. */
export const connectionTimeoutMs = 4_000;
export const authenticationTimeoutMs = 5_000;
/** For everything but produce requests, which have their own, shorter one. */
export const requestTimeoutMs = 10_000;
/** New partitions and moved leaders are seen at the latest after this. */
export const metadataMaxAgeMs = 30_000;
/** kafkajs's retries inside one call; the last waits are 1 s, so about 17 s in all. */
export const callRetry = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 20 } as const;

/**
 * Settings for all clients of one process. `clientId` should be unique per instance: brokers show it in logs and
 * count quotas by it. Throws CONFIG_INVALID for a SASL mechanism without user or password, and for a CA file without TLS
 * or without a certificate.
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

/** The name that callers know; a name without the prefix is not ours and stays as it is. */
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
