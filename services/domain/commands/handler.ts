/** The interface of a command type. Each type has one file in this folder, listed in `registry.ts`. */
import type { OrderCommand, OrderEvent } from '../../../schemas/generated/types.ts';
import type { DecisionContext, SourceRecord } from '../context.ts';
import type { OrderStatus } from '../orders/status.ts';

export type CommandType = OrderCommand['type'];
export type CommandOf<T extends CommandType> = Extract<OrderCommand, { type: T }>;

/** Maps the status before a command to the status after it. In any other status the command is refused. */
export type Transitions = Readonly<Partial<Record<OrderStatus, OrderStatus>>>;

/** The rows that the worker must read before it decides the commands of a batch. */
export interface CommandNeeds {
  /** SKUs whose prices are read. For SKUs with low stock the levels are read too. The list may contain a SKU twice. */
  readonly skus: string[];
  /** Customers who place an order. One may be named twice. */
  readonly customers: string[];
  /** Coupons, and the customers who use them. One may be named twice. */
  readonly coupons: { code: string; customerId: string }[];
  /** Orders whose rows and lines are read. */
  readonly orderIds: Set<string>;
  /** Those of them that may give stock or coupons back. */
  readonly givingBack: Set<string>;
  /** Commands whose stored outcomes are read. */
  readonly commands: { orderId: string | null; commandId: string }[];
  /** Orders whose settling payment is read, with its refunds. An order may have any number of other payments. */
  readonly moneyOf: Set<string>;
  /** Orders whose shipments and returns are read. */
  readonly goodsOf: Set<string>;
  /** SKUs whose stock levels are locked and read. */
  readonly adjusted: Set<string>;
  /** Payments that are read, of whatever order. */
  readonly payments: { provider: string; providerPaymentId: string }[];
  /** Refunds that are read, each with its payment and all refunds of that. */
  readonly refundIds: string[];
  /** The same for refunds without a name: the open ones of the order with this amount. */
  readonly openRefunds: { orderId: string; amount: number; currency: string }[];
}

export interface CommandHandler<C extends OrderCommand = OrderCommand> {
  /**
   * How `decide` recognises a repeated command. `order`: the command creates the order, so an existing row shows the
   * repeat. `commandId`: the outcome is stored under the command id, also if it is a refusal. A repeat gets the
   * stored outcome.
   */
  readonly repeatedBy: 'order' | 'commandId';
  readonly transitions: Transitions;
  /** Whether it may give stock or coupons of its order back. */
  readonly givesBack: boolean;
  /** The rule that the command breaks although it matches its schema, as a clause; null if it breaks none. */
  problem(command: C): string | null;
  /**
   * Adds the rows that `decide` reads. With `readExisting`, a repeat was seen, so it also adds rows that usually do
   * not exist yet.
   */
  addNeeds(command: C, needs: CommandNeeds, readExisting: boolean): void;
  /** Decides one command and records its changes in the context. Returns the event of its outcome. */
  decide(context: DecisionContext, record: SourceRecord, command: C): OrderEvent;
}
