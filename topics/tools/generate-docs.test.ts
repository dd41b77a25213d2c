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
  // Severity 0 is an error, 1 a warning; the rest are hints.
  return diagnostics
    .filter(({ severity }) => severity <= 1)
    .map(({ message, path }) => `${path.join('/')}: ${message}`);
}

describe('docs/topics', () => {
  it('is what the catalogue and the schemas give now', () => {
    expect(staleFiles(docs)).toEqual([]);
  });

  it('has a page for each topic', () => {
    for (const { name } of topicCatalogue) expect(docs.has(`docs/topics/${name}.md`)).toBe(true);
  });
});

describe('the AsyncAPI document', { timeout: 60_000 }, () => {
  it('is valid, its Avro schemas too', async () => {
    expect(await problemsOf(asyncApi)).toEqual([]);
  });

  it('would not pass with a broken schema', async () => {
    expect(await problemsOf(asyncApi.replace('"long"', '"longish"'))).not.toEqual([]);
    expect(await problemsOf(asyncApi.replace('"address"', '"adress"'))).not.toEqual([]);
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
