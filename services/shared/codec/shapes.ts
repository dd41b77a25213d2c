import type { Type } from 'avsc';
import { commandBranches, type OrderCommand } from '../../../schemas/index.ts';
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

/** For records that have no second way of saying what they are. */
export function plainShape<T>(): Shape<T> {
  return { branchOf: () => -1, isConsistent: () => true };
}
