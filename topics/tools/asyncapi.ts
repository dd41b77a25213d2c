import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { newestSchema } from '../../schemas/index.ts';
import type { TopicEntry } from '../catalogue.ts';

const BINDING_VERSION = '0.5.0';
/** The recommended number of replicas. A single broker allows only one. */
const REPLICAS = 3;
const root = path.resolve(import.meta.dirname, '..', '..');

/**
 * The AsyncAPI 3.0 document of the topics, with Kafka bindings and the registered Avro schemas.
 *
 * @param topics the catalogue
 */
export function asyncApiDocument(topics: readonly TopicEntry[]): object {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'orderstream',
      version: productVersion(),
      description: [
        'These Kafka topics hold orders as commands and outcomes.',
        'docs/topics/README.md, beside this document, says how to read each outcome exactly once.',
        'Only channels with `x-visibility: public` are contracts with other teams.',
      ].join(' '),
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/avro',
    servers: {
      local: {
        host: '127.0.0.1:19092',
        protocol: 'kafka',
        description: 'The Kafka of `npm start`. Its schema registry has the API of Confluent’s registry.',
        bindings: {
          kafka: {
            schemaRegistryUrl: 'http://127.0.0.1:18081/apis/ccompat/v7',
            schemaRegistryVendor: 'confluent',
            bindingVersion: BINDING_VERSION,
          },
        },
      },
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
    contentType: contentTypeOf(topic),
    ...(topic.headers.length === 0 ? {} : { headers: headersOf(topic) }),
    payload: payloadOf(topic),
    ...examplesOf(topic),
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

/** The golden values of the newest schema, which the codec tests use. */
function examplesOf(topic: TopicEntry): object {
  if (topic.schemaSubject === null) return {};
  const folder = goldenFolder(topic.schemaSubject);
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  const examples = files.toSorted().map((file) => ({
    name: path.basename(file, '.json'),
    payload: JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as object,
  }));
  return { examples };
}

function goldenFolder(subject: string): string {
  const version = path.basename(newestSchema(subject).path, '.avsc');
  return path.join(root, 'schemas', subject, 'golden', version);
}

/** The version of the product. The API and the topics have the same version. */
function productVersion(): string {
  return (JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }).version;
}

function contentTypeOf({ schemaSubject, jsonMembers }: TopicEntry): string {
  if (jsonMembers !== undefined) return 'application/json';
  return schemaSubject === null ? 'application/octet-stream' : 'application/avro';
}

function payloadOf(topic: TopicEntry): object {
  if (topic.jsonMembers !== undefined) {
    const properties = topic.jsonMembers.map(({ name, meaning }) => [
      name,
      { type: 'string', description: meaning },
    ]);
    return { type: 'object', properties: Object.fromEntries(properties) };
  }
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
