import type { Mechanism, SASLOptions } from 'kafkajs';
import { appError } from '../errors/index.ts';
import { readTlsFiles, type TlsMaterial } from '../tls/index.ts';
import { type SaslConfig, saslOptions } from './security/sasl.ts';

/** The settings that all Kafka clients use. */
export interface KafkaSettings {
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Prefix of every topic and group name on the wire. Callers use names without it. */
  readonly topicPrefix: string;
  /**
   * With TLS, brokers must present a certificate for their host name. With `cert` and `key`, the client presents a
   * certificate too.
   */
  readonly ssl: false | TlsMaterial;
  readonly sasl: SASLOptions | Mechanism | undefined;
}

/** The fields of `kafkaFields` (shared/config). All of them except the brokers are optional here. */
export interface KafkaConfig extends SaslConfig {
  kafkaBrokers: readonly string[];
  kafkaTopicPrefix?: string;
  kafkaSsl?: boolean;
  kafkaSslCa?: string;
  kafkaSslCert?: string;
  kafkaSslKey?: string;
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
 * apply quotas to it. Throws CONFIG_INVALID for a SASL mechanism without its settings. Throws it also for a file of
 * TLS that is invalid, or set without KAFKA_SSL.
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

const fileSettings = { ca: 'KAFKA_SSL_CA', cert: 'KAFKA_SSL_CERT', key: 'KAFKA_SSL_KEY' } as const;

function sslOptions(config: KafkaConfig): KafkaSettings['ssl'] {
  const { kafkaSsl = false, kafkaSslCa = '', kafkaSslCert = '', kafkaSslKey = '' } = config;
  const paths = {
    ca: kafkaSslCa || undefined,
    cert: kafkaSslCert || undefined,
    key: kafkaSslKey || undefined,
  };
  if (kafkaSsl) return readTlsFiles(paths, (part) => fileSettings[part]);
  for (const part of ['ca', 'cert', 'key'] as const) {
    if (paths[part] === undefined) continue;
    throw appError('CONFIG_INVALID', { problems: [`${fileSettings[part]} needs KAFKA_SSL=true`] });
  }
  return false;
}
