/**
 * The variants of each round. Variants of one design follow each other, because a change of design starts its
 * processes.
 */
import type { Variant } from '../frame/types.ts';
import type { Arena, Shape } from './arena.ts';

export interface Planned {
  readonly name: string;
  readonly design: string;
  readonly shape: Shape;
}

const closed = (connections: number, ordersEach = 1): Shape => ({ kind: 'closed', connections, ordersEach });

export function planned(quick: boolean): Planned[] {
  const ours = (what: string, shape: Shape): Planned => ({ name: `ours ${what}`, design: 'ours', shape });
  return quick ? [ours('64', closed(64))] : [ours('64', closed(64))];
}

export function variantsOf(arena: Arena, plan: readonly Planned[]): Variant[] {
  return plan.map(({ name, design, shape }, index) => ({
    name,
    run: (round) => arena.run(design, shape, `v${index}r${round}-`),
  }));
}
