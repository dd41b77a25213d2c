import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS_SUBJECT, commandBranches, newestSchema, schemaCatalogue } from './index.ts';
import { type AvroRecord, isRecord } from './tools/avro-schema.ts';
import { generatedFiles } from './tools/generate.ts';
import { generateTypes } from './tools/generate-types.ts';
import { staleFiles } from './tools/generated-files.ts';
import { readGoldenFiles } from './tools/golden-files.ts';
import { changedFiles, hashesOnDisk, releasedHashes } from './tools/release.ts';

const root = join(import.meta.dirname, '..');

describe('released schemas', () => {
  it('never change', () => {
    expect(changedFiles(releasedHashes(), hashesOnDisk())).toEqual([]);
  });

  it('are all listed in released.json', () => {
    const released = releasedHashes();
    expect([...hashesOnDisk().keys()].filter((path) => !released.has(path))).toEqual([]);
  });

  it('report a change', () => {
    const released = new Map([['schemas/x/v1.avsc', 'aa']]);
    expect(changedFiles(released, new Map([['schemas/x/v1.avsc', 'bb']]))).toEqual(['schemas/x/v1.avsc']);
    expect(changedFiles(released, new Map())).toEqual(['schemas/x/v1.avsc']);
  });
});

describe('generated files', () => {
  it('match the schemas', () => {
    expect(staleFiles(generatedFiles())).toEqual([]);
  });

  it('refuse a payload branch without a command type', () => {
    const schema = newestSchema(COMMANDS_SUBJECT).schema as AvroRecord;
    const { CLOSE: _left, ...rest } = commandBranches;
    expect(() => generateTypes([schema], rest)).toThrow('CloseOrder');
  });
});

describe('golden examples', () => {
  const golden = readGoldenFiles(root);

  it('exist for every kind of command', () => {
    const kinds = golden
      .filter((file) => file.subject === 'orders.commands.v1-value')
      .map((file) => (file.value as { type: string }).type);
    expect([...new Set(kinds)].sort()).toEqual(Object.keys(commandBranches).sort());
  });

  it('exist for every outcome', () => {
    const events = golden.filter((file) => file.subject === 'orders.events.v1-value');
    const outcomes = new Set(events.map((file) => (file.value as { outcome: string }).outcome));
    for (const outcome of [
      'ACCEPTED',
      'REJECTED',
      'APPLIED',
      'DUPLICATE',
      'REFUSED',
      'KEY_CONFLICT',
      'DEAD_LETTERED',
    ]) {
      expect(outcomes).toContain(outcome);
    }
  });
});

describe('golden examples of the snapshot', () => {
  it('exist for an accepted order, a rejected order and a position marker', () => {
    const values = readGoldenFiles(root)
      .filter((file) => file.subject === 'orders.state.v1-value')
      .map((file) => file.value as { orderId: string | null; terms: object | null });
    expect(values.some(({ orderId, terms }) => orderId !== null && terms !== null)).toBe(true);
    expect(values.some(({ orderId, terms }) => orderId !== null && terms === null)).toBe(true);
    expect(values.some(({ orderId }) => orderId === null)).toBe(true);
  });
});

describe('the command types', () => {
  it('name every branch of the newest payload union, and older versions have no others', () => {
    for (const entry of schemaCatalogue.filter((each) => each.subject === COMMANDS_SUBJECT)) {
      const payload = (entry.schema as AvroRecord).fields.find((field) => field.name === 'payload')?.type;
      const branches = Array.isArray(payload) ? payload.filter(isRecord).map((branch) => branch.name) : [];
      if (entry === newestSchema(COMMANDS_SUBJECT)) {
        expect(Object.values(commandBranches).sort()).toEqual(branches.sort());
      } else expect(Object.values(commandBranches)).toEqual(expect.arrayContaining(branches));
    }
  });
});
