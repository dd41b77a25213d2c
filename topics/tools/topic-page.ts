import { newestSchema } from '../../schemas/index.ts';
import { type AvroRecord, type AvroSchema, isNamed, isRecord } from '../../schemas/tools/avro-schema.ts';
import type { TopicEntry } from '../catalogue.ts';
import { fieldNote, recordNote } from './field-notes.ts';

const NOTICE =
  '<!-- Written by `npm run gen` from topics/catalogue.ts and schemas/. Change these sources, not this page. -->';
const DAY_MS = 24 * 60 * 60 * 1000;

/** The page of one topic, with all that another team needs to read the topic. */
export function topicPage(topic: TopicEntry): string {
  return text([
    `# ${topic.name}`,
    NOTICE,
    topic.meaning,
    promises(topic),
    ...headerSection(topic),
    ...(topic.schemaSubject === null ? [] : schemaSection(topic.schemaSubject)),
    ...jsonSection(topic),
  ]);
}

/** List of all topics, and the rules for all of them. */
export function topicIndex(topics: readonly TopicEntry[], guide: readonly string[]): string {
  const rows = topics.map((topic) => [
    `[${topic.name}](${topic.name}.md)`,
    topic.meaning,
    topic.visibility,
    topic.owner,
    retention(topic),
  ]);
  return text([
    '# Topics',
    NOTICE,
    table(['topic', 'meaning', 'visibility', 'owner', 'kept'], rows),
    'The [AsyncAPI 3.0 document](asyncapi.json) describes the same topics.',
    ...guide,
  ]);
}

function promises(topic: TopicEntry): string {
  return table(
    ['', ''],
    [
      ['owner', topic.owner],
      ['written by', topic.writers.join(', ')],
      ['read by', topic.consumers.join(', ')],
      ['key', topic.key],
      ['partitions', String(topic.partitions)],
      ['order', topic.ordering],
      ['delivery', topic.delivery],
      ['drop repeats by', topic.dedupeId],
      ['nothing is missing when', topic.completeness],
      ['kept', retention(topic)],
      ['longest message', `${topic.maxMessageBytes} bytes`],
      ['in-sync replicas', `${topic.minInsyncReplicas} of 3`],
      ['visibility', topic.visibility],
      ['classification', topic.classification],
      [
        'schema',
        topic.schemaSubject === null ? 'none' : `subject \`${topic.schemaSubject}\`, ${topic.compatibility}`,
      ],
    ],
  );
}

function headerSection(topic: TopicEntry): string[] {
  if (topic.headers.length === 0) return [];
  return [
    '## Headers',
    table(
      ['header', 'meaning'],
      topic.headers.map(({ name, meaning }) => [`\`${name}\``, meaning]),
    ),
  ];
}

function schemaSection(subject: string): string[] {
  const { path, schema } = newestSchema(subject);
  const records = recordsOf(schema as AvroRecord);
  return [
    '## Value',
    `[\`${path}\`](../../${path}) is the schema. \`schemas/${subject}/golden\` has examples in JSON and Avro. Money is in minor units of its currency. Times are epoch milliseconds.`,
    ...records.flatMap((record) => [
      `### ${record.name}`,
      ...recordText(subject, record),
      fieldTable(subject, record),
    ]),
  ];
}

function recordText(subject: string, { name, doc }: AvroRecord): string[] {
  const text = recordNote(subject, name) ?? doc;
  return text === undefined ? [] : [text];
}

function jsonSection({ jsonMembers }: TopicEntry): string[] {
  if (jsonMembers === undefined) return [];
  const rows = jsonMembers.map(({ name, meaning }) => [`\`${name}\``, meaning]);
  return [
    '## Value',
    'The value is a JSON object in UTF-8. Later versions may add members.',
    table(['member', 'meaning'], rows),
  ];
}

/** The records of a schema: first the outer record, then its inner records in the order of the fields. */
function recordsOf(schema: AvroSchema, found: AvroRecord[] = []): AvroRecord[] {
  if (Array.isArray(schema)) for (const branch of schema) recordsOf(branch, found);
  else if (isRecord(schema)) {
    found.push(schema);
    for (const field of schema.fields) recordsOf(field.type, found);
  } else if (typeof schema === 'object' && schema.type === 'array') recordsOf(schema.items, found);
  return found;
}

function fieldTable(subject: string, record: AvroRecord): string {
  if (record.fields.length === 0) return 'No fields.';
  return table(
    ['field', 'type', 'meaning'],
    record.fields.map((field) => [
      `\`${field.name}\``,
      `\`${typeName(field.type)}\``,
      field.doc ?? fieldNote(subject, record.name, field.name),
    ]),
  );
}

function typeName(schema: AvroSchema): string {
  if (typeof schema === 'string') return schema;
  if (Array.isArray(schema)) {
    const names = schema.map(typeName);
    return names.length > 2 ? `one of ${names.join(', ')}` : names.join(' or ');
  }
  if (isNamed(schema)) {
    if (schema.type === 'enum') return `one of ${schema.symbols.join(', ')}`;
    return schema.type === 'fixed' ? `${schema.size} bytes` : schema.name;
  }
  if (schema.type === 'array') return `array of ${typeName(schema.items)}`;
  return `${schema.type} (${schema.logicalType})`;
}

function retention(topic: TopicEntry): string {
  return topic.retentionMs === null ? 'latest of each key' : `${topic.retentionMs / DAY_MS} days`;
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function text(parts: string[]): string {
  return `${parts.join('\n\n')}\n`;
}
