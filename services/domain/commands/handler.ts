/** The interface of a command type. Each type has one file in this folder, listed in `registry.ts`. */
import type { OrderCommand, OrderEvent } from '../../../schemas/generated/types.ts';
import type { DecisionContext, SourceRecord } from '../context.ts';
import type { OrderStatus } from '../orders/status.ts';

export type CommandType = OrderCommand['type'];
export type CommandOf<T extends CommandType> = Extract<OrderCommand, { type: T }>;

/** Maps the status before a command to the status after it. From any other status the command is refused. */
export type Transitions = Readonly<Partial<Record<OrderStatus, OrderStatus>>>;

/** What the worker must read from the database before it decides the commands of a batch. */
export interface CommandNeeds {
  /**
   * SKUs whose prices are read. For SKUs with low stock the levels are read too. A SKU may be named twice.
   */
  readonly skus: string[];
  /** Orders whose rows and lines are read. */
  readonly orderIds: Set<string>;
  /** Commands whose stored outcomes are read. */
  readonly commands: { orderId: string; commandId: string }[];
}

export interface CommandHandler<C extends OrderCommand = OrderCommand> {
  /**
   * How a repeated command is recognised. `order`: the command creates the order, so the order's row shows
   * it. `commandId`: the outcome is stored under the command id, also if it is a refusal. A repeat gets that
   * outcome.
   */
  readonly repeatedBy: 'order' | 'commandId';
  readonly transitions: Transitions;
  /** What is wrong with the command although its schema fits: a part of a sentence, or null. */
  problem(command: C): string | null;
  /**
   * Adds what `decide` reads. With `readExisting`, adds rows that should not exist yet, because a repeat was
   * seen.
   */
  addNeeds(command: C, needs: CommandNeeds, readExisting: boolean): void;
  /** Decides one command and records its changes in the context. Returns the event of its outcome. */
  decide(context: DecisionContext, record: SourceRecord, command: C): OrderEvent;
}
