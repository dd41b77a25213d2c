import { newestSchema } from '../../schemas/index.ts';
import type { TopicEntry } from '../catalogue.ts';

const BINDING_VERSION = '0.5.0';
/** What an installation should have; a single broker has one. */
const REPLICAS = 3;

/**
 * AsyncAPI 3.0 document of the topics, with Kafka bindings and the Avro schemas as they are registered.
 *
 * @param topics the catalogue
 */
export function asyncApiDocument(topics: readonly TopicEntry[]): object {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'orderstream',
      version: '1.0.0',
      description:
        'Orders as commands and outcomes on Kafka topics. What each topic promises is also in docs/topics.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/avro',
    servers: {
      local: { host: '127.0.0.1:19092', protocol: 'kafka', description: 'The Kafka of `npm start`.' },
    },
    channels: Object.fromEntries(topics.map((topic) => [channelId(topic), channelOf(topic)])),
    operations: Object.fromEntries(topics.flatMap(operationsOf)),
    components: { messages: Object.fromEntries(topics.map((topic) => [messageId(topic), messageOf(topic)])) },
  };
}

function channelOf(topic: TopicEntry): object {
  return {
    address: topic.name,
    summary: topic.meaning,
    messages: { [messageId(topic)]: { $ref: `#/components/messages/${messageId(topic)}` } },
    bindings: {
      kafka: {
        topic: topic.name,
        partitions: topic.partitions,
        replicas: REPLICAS,
        topicConfiguration: {
          'cleanup.policy': [topic.cleanup],
          ...(topic.retentionMs === null ? {} : { 'retention.ms': topic.retentionMs }),
          'max.message.bytes': topic.maxMessageBytes,
        },
        bindingVersion: BINDING_VERSION,
      },
    },
    'x-owner': topic.owner,
    'x-ordering': topic.ordering,
    'x-delivery': topic.delivery,
    'x-dedupe-id': topic.dedupeId,
    'x-completeness': topic.completeness,
    'x-visibility': topic.visibility,
    'x-classification': topic.classification,
    'x-compatibility': topic.compatibility,
  };
}

function messageOf(topic: TopicEntry): object {
  return {
    name: messageId(topic),
    summary: topic.meaning,
    contentType: topic.schemaSubject === null ? 'application/octet-stream' : 'application/avro',
    ...(topic.headers.length === 0 ? {} : { headers: headersOf(topic) }),
    payload: payloadOf(topic),
    bindings: {
      kafka: {
        key: { type: 'string', description: topic.key },
        ...(topic.schemaSubject === null
          ? {}
          : {
              schemaIdLocation: 'payload',
              schemaIdPayloadEncoding: 'confluent',
              schemaLookupStrategy: 'TopicNameStrategy',
            }),
        bindingVersion: BINDING_VERSION,
      },
    },
  };
}

function payloadOf(topic: TopicEntry): object {
  if (topic.schemaSubject === null) return { type: 'string', format: 'binary', description: topic.meaning };
  return {
    schemaFormat: 'application/vnd.apache.avro+json;version=1.9.0',
    schema: newestSchema(topic.schemaSubject).schema,
  };
}

function headersOf(topic: TopicEntry): object {
  const properties = topic.headers.map(({ name, meaning }) => [
    name,
    { type: 'string', description: meaning },
  ]);
  return { type: 'object', properties: Object.fromEntries(properties) };
}

function operationsOf(topic: TopicEntry): [string, object][] {
  const channel = { $ref: `#/channels/${channelId(topic)}` };
  const writers = topic.writers.map((writer): [string, object] => [
    `${camel(`${writer} sends`)}${pascal(topic.name)}`,
    { action: 'send', channel, summary: `${writer} writes ${topic.name}.` },
  ]);
  const readers = topic.consumers.map((reader): [string, object] => [
    `${camel(`${reader} receives`)}${pascal(topic.name)}`,
    { action: 'receive', channel, summary: `${reader} reads ${topic.name}.` },
  ]);
  return [...writers, ...readers];
}

function channelId(topic: TopicEntry): string {
  return camel(topic.name);
}

function messageId(topic: TopicEntry): string {
  const schema =
    topic.schemaSubject === null ? null : (newestSchema(topic.schemaSubject).schema as { name: string });
  return schema?.name ?? pascal(topic.name);
}

function pascal(text: string): string {
  const words = text.split(/[^a-zA-Z0-9]+/);
  return words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('');
}

function camel(text: string): string {
  const name = pascal(text);
  return name.slice(0, 1).toLowerCase() + name.slice(1);
}
