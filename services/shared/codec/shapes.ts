import type { Type } from 'avsc';
import { commandBranches, type OrderCommand } from '../../../schemas/index.ts';
import { payloadBranchesOf } from './avro-types.ts';
import type { Shape } from './codec.ts';

/**
 * Maps the `type` of a command to its branch of the payload union, and checks that both agree. Does not wrap
 * the payload.
 */
export function commandShape(type: Type): Shape<OrderCommand> {
  const branches = payloadBranchesOf(type);
  const byType = new Map(
    Object.entries(commandBranches).map(([name, branch]) => [name, branches.get(branch)]),
  );
  return {
    branchOf: (command) => byType.get(command.type)?.index ?? -1,
    // Records of one branch are instances of one class, so the class identifies the branch.
    isConsistent: (command) => byType.get(command.type)?.record === command.payload.constructor,
  };
}

/** The shape of record types whose fields cannot contradict each other. */
export function plainShape<T>(): Shape<T> {
  return { branchOf: () => -1, isConsistent: () => true };
}
