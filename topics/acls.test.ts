import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { principals, rulesOf } from './acls.ts';
import { COMMANDS, DEAD_LETTERS, EVENTS, FINDINGS, GROUPS, STATE, topicCatalogue } from './catalogue.ts';

const root = path.resolve(import.meta.dirname, '..');
const topicOf = { COMMANDS, EVENTS, DEAD_LETTERS, STATE, FINDINGS };
const services = [
  'ingestion',
  'worker',
  'notification',
  'reconciliation',
  'projector',
  'payments',
  'scheduler',
  'observer',
] as const;
const principalOf = (name: string) => principals.find((principal) => principal.name === name)!;

/** The code of a service without tests and comments, with the library that it imports. */
function codeOf(service: string): string {
  const own = codeIn(service);
  return own.includes("'../inspection/index.ts'") ? `${own}\n${codeIn('inspection')}` : own;
}

function codeIn(name: string): string {
  const folder = path.join(root, 'services', name);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const own = files.filter((file) => file.endsWith('.ts') && !/\.test\.ts$|(^|\/)testing\//.test(file));
  const text = own.map((file) => readFileSync(path.join(folder, file), 'utf8')).join('\n');
  return text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
}

describe.each(services)('the rights of %s', (service) => {
  const code = codeOf(service);
  const principal = principalOf(service);

  it('are for exactly the topics that its code names', () => {
    const used = Object.entries(topicOf).filter(([constant]) => new RegExp(`\\b${constant}\\b`).test(code));
    const allowed = new Set([...principal.reads, ...principal.writes, ...principal.describes]);
    expect([...allowed].toSorted()).toEqual(used.map(([, topic]) => topic).toSorted());
  });

  it('are for exactly the groups that its code names', () => {
    const used = Object.entries(GROUPS).filter(([group]) => code.includes(`GROUPS.${group}`));
    const allowed = [...principal.joins, ...principal.watches];
    expect(allowed.toSorted()).toEqual(used.map(([, group]) => group).toSorted());
  });
});

describe('the catalogue', () => {
  it.each(topicCatalogue)('lists the writers and readers of $name', ({ name, writers, consumers }) => {
    const writing = services.filter((service) => principalOf(service).writes.includes(name));
    expect(writers.filter((writer) => (services as readonly string[]).includes(writer))).toEqual(writing);
    for (const service of services) {
      const joins = principalOf(service).joins.some((group) => consumers.includes(group));
      if (joins) expect(principalOf(service).reads).toContain(name);
    }
  });
});

it('no service may create, change or delete a topic', () => {
  for (const service of services) {
    const operations = rulesOf(principalOf(service)).flatMap((rule) => rule.operations);
    expect(new Set(operations)).toEqual(
      new Set(operations.filter((o) => ['READ', 'WRITE', 'DESCRIBE'].includes(o))),
    );
  }
});
