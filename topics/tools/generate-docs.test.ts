import { AvroSchemaParser } from '@asyncapi/avro-schema-parser';
import { Parser } from '@asyncapi/parser';
import { describe, expect, it } from 'vitest';
import { staleFiles } from '../../schemas/tools/generated-files.ts';
import { EVENTS, topicCatalogue } from '../catalogue.ts';
import { topicDocs } from './generate-docs.ts';

const docs = topicDocs();
const asyncApi = docs.get('docs/topics/asyncapi.json') ?? '';

async function problemsOf(text: string): Promise<string[]> {
  const parser = new Parser();
  parser.registerSchemaParser(AvroSchemaParser());
  const { diagnostics } = await parser.parse(text);
  // Severity 0 is an error, and severity 1 is a warning. Higher severities are hints.
  return diagnostics
    .filter(({ severity }) => severity <= 1)
    .map(({ message, path }) => `${path.join('/')}: ${message}`);
}

describe('docs/topics', () => {
  it('matches the catalogue and the schemas', () => {
    expect(staleFiles(docs)).toEqual([]);
  });

  it('has a page for each topic', () => {
    for (const { name } of topicCatalogue) expect(docs.has(`docs/topics/${name}.md`)).toBe(true);
  });
});

describe('the reading guide', () => {
  const guide = docs.get('docs/topics/README.md') ?? '';

  it('says to read until the position reaches the end, because a transaction marker may have the last offset', () => {
    expect(guide).toContain(
      'read until your client’s position, the next offset that it would read, has reached it',
    );
    expect(guide).toContain('read from its beginning until your client’s position has reached it');
    expect(guide).not.toMatch(/the record before the end that you asked for/);
  });

  it('names the public topics, and the time for which an old version continues', () => {
    const isPublic = topicCatalogue
      .filter(({ visibility }) => visibility === 'public')
      .map(({ name }) => name);
    const access = /\*\*Access \(ACLs\)\.\*\*.*/.exec(guide)?.[0] ?? '';
    expect(
      topicCatalogue.filter(({ name }) => access.includes(`\`${name}\``)).map(({ name }) => name),
    ).toEqual(isPublic);
    const days = Number(/for at least (\d+) days/.exec(guide)?.[1]);
    const keptMs = topicCatalogue.find(({ name }) => name === EVENTS)?.retentionMs ?? 0;
    expect(days * 86_400_000).toBe(3 * keptMs);
  });
});

describe('the fields of public topics', () => {
  it.each(['orders.events.v1', 'orders.state.v1'])('are explained where a reader needs it: %s', (topic) => {
    const page = docs.get(`docs/topics/${topic}.md`) ?? '';
    for (const field of ['customerId', 'status', 'code', 'priceVersion']) {
      expect(page).toMatch(new RegExp(`^\\| \`${field}\` \\| [^|]+ \\| [^| ].* \\|$`, 'm'));
    }
  });
});

describe('the AsyncAPI document', { timeout: 60_000 }, () => {
  it('is valid, including its Avro schemas', async () => {
    expect(await problemsOf(asyncApi)).toEqual([]);
  });

  it('would fail with a broken schema', async () => {
    expect(await problemsOf(asyncApi.replace('"long"', '"longish"'))).not.toEqual([]);
    expect(await problemsOf(asyncApi.replace('"address"', '"adress"'))).not.toEqual([]);
  });

  it('names the registry, the guide, and an example of each value with a schema', () => {
    const { info, servers, components } = JSON.parse(asyncApi);
    expect(servers.local.bindings.kafka.schemaRegistryUrl).toMatch(/\/apis\/ccompat\/v7$/);
    expect(info.description).toContain('docs/topics/README.md');
    for (const name of ['OrderCommand', 'OrderEvent', 'OrderState']) {
      expect(components.messages[name].examples.length).toBeGreaterThan(2);
    }
  });

  it('names every topic with its key and schema', () => {
    const { channels, components } = JSON.parse(asyncApi);
    expect(Object.values(channels).map((channel) => (channel as { address: string }).address)).toEqual(
      topicCatalogue.map(({ name }) => name),
    );
    expect(channels.ordersEventsV1.address).toBe(EVENTS);
    expect(components.messages.OrderEvent.payload.schema.name).toBe('OrderEvent');
  });
});
