import type { Type } from 'avsc';
import { commandBranches, type OrderCommand, type OrderEvent } from '../../../schemas/index.ts';
import { payloadBranchesOf } from './avro-types.ts';
import type { Shape } from './codec.ts';

/** Ties the field `type` of a command to the branch of its payload union, both ways, without wrapping the payload. */
export function commandShape(type: Type): Shape<OrderCommand> {
  const branches = payloadBranchesOf(type);
  const byType = new Map(
    Object.entries(commandBranches).map(([name, branch]) => [name, branches.get(branch)]),
  );
  return {
    branchOf: (command) => byType.get(command.type)?.index ?? -1,
    // Records of one branch are instances of one class, so the branch that was read needs no mark of its own.
    isConsistent: (command) => byType.get(command.type)?.record === command.payload.constructor,
  };
}

/** An event has no second way of saying what it is. */
export const eventShape: Shape<OrderEvent> = { branchOf: () => -1, isConsistent: () => true };
