/** What a command type has to say about itself; one file of this folder for each type, listed in `registry.ts`. */
import type { OrderCommand, OrderEvent } from '../../../schemas/generated/types.ts';
import type { DecisionContext, SourceRecord } from '../context.ts';
import type { OrderStatus } from '../orders/status.ts';

export type CommandType = OrderCommand['type'];
export type CommandOf<T extends CommandType> = Extract<OrderCommand, { type: T }>;

/** From the status before a command to the status after it. A status that is not a key refuses the command. */
export type Transitions = Readonly<Partial<Record<OrderStatus, OrderStatus>>>;

/** What the commands of a batch read from the database before they are decided. */
export interface CommandNeeds {
  /** SKUs whose prices are read, and whose stock levels where they are scarce. A SKU may be named more than once. */
  readonly skus: string[];
  /** Orders whose rows and lines are read. */
  readonly orderIds: Set<string>;
  /** Commands whose stored outcomes are read. */
  readonly commands: { orderId: string; commandId: string }[];
}

export interface CommandHandler<C extends OrderCommand = OrderCommand> {
  /**
   * How a repeated command is recognised. `order`: it makes the order, so the order's row shows it. `commandId`: its
   * outcome is stored under its command id, refusals included, and a repeat gets that outcome again.
   */
  readonly repeatedBy: 'order' | 'commandId';
  readonly transitions: Transitions;
  /** What is wrong with the command beyond its schema, as a sentence part, or null. */
  problem(command: C): string | null;
  /** Adds what `decide` reads. `readExisting`: also rows that are not expected to exist, since a repeat was seen. */
  addNeeds(command: C, needs: CommandNeeds, readExisting: boolean): void;
  /** Decides one command and records its changes in the context. Returns the event of its outcome. */
  decide(context: DecisionContext, record: SourceRecord, command: C): OrderEvent;
}
