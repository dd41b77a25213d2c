import { expect, it } from 'vitest';
import { COMMANDS_SUBJECT, commandBranches, newestSchema } from '../../../schemas/index.ts';
import { orderStatuses } from '../orders/status.ts';
import { decidedTypes, handlerOf, notYetDecided } from './registry.ts';

interface CommandSchema {
  readonly fields: readonly { readonly name: string; readonly type: unknown }[];
}

it('has a handler for each command of the schema, or lists it as not yet decided', () => {
  const { fields } = newestSchema(COMMANDS_SUBJECT).schema as CommandSchema;
  const payload = fields.find(({ name }) => name === 'payload')!.type as readonly { readonly name: string }[];
  const known = [...decidedTypes, ...notYetDecided];
  expect(known.map((type) => commandBranches[type]).sort()).toEqual(payload.map(({ name }) => name).sort());
});

it('has no handler for a command that is not yet decided', () => {
  expect(notYetDecided.filter((type) => handlerOf(type) !== undefined)).toEqual([]);
});

it('changes only known statuses, to known statuses', () => {
  for (const type of decidedTypes) {
    for (const [from, to] of Object.entries(handlerOf(type)!.transitions)) {
      expect(orderStatuses).toContain(from);
      expect(orderStatuses).toContain(to);
      expect(from).not.toBe(to);
    }
  }
});
