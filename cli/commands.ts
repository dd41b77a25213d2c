/** The module of each command. A module is loaded only for its command, because some modules load many others. */
import type { Command } from 'commander';
import { hasLocalServers } from './local-instance.ts';

type Load = () => Promise<Command>;

const commandModules: Readonly<Record<string, Load>> = {
  stack: async () => (await import('./commands/setup/stack.ts')).stackCommand(),
  setup: async () => (await import('./commands/setup/setup.ts')).setupCommand(),
  topics: async () => (await import('./commands/setup/topics.ts')).topicsCommand(),
  schemas: async () => (await import('./commands/setup/schemas.ts')).schemasCommand(),
  migrate: async () => (await import('./commands/setup/migrate.ts')).migrateCommand(),
  catalogue: async () => (await import('./commands/setup/catalogue.ts')).catalogueCommand(),
  coupons: async () => (await import('./commands/setup/coupons.ts')).couponsCommand(),
  rates: async () => (await import('./commands/setup/rates.ts')).ratesCommand(),
  rules: async () => (await import('./commands/setup/rules.ts')).rulesCommand(),
  token: async () => (await import('./commands/setup/token.ts')).tokenCommand(),
  stock: async () => (await import('./commands/operate/stock.ts')).stockCommand(),
  orders: async () => (await import('./commands/orders/orders.ts')).ordersCommand(),
  pay: async () => (await import('./commands/payments/pay.ts')).payCommand(),
  ship: async () => (await import('./commands/orders/ship.ts')).shipCommand(),
  deliver: async () => (await import('./commands/orders/deliver.ts')).deliverCommand(),
  return: async () => (await import('./commands/orders/return.ts')).returnCommand(),
  refund: async () => (await import('./commands/payments/refund.ts')).refundCommand(),
  ledger: async () => (await import('./commands/payments/ledger.ts')).ledgerCommand(),
  payments: async () => (await import('./commands/payments/payments.ts')).paymentsCommand(),
  refunds: async () => (await import('./commands/payments/refunds.ts')).refundsCommand(),
  order: async () => (await import('./commands/orders/order.ts')).orderCommand(),
  verify: async () => (await import('./commands/operate/verify.ts')).verifyCommand(),
  peek: async () => (await import('./commands/orders/peek.ts')).peekCommand(),
  dlq: async () => (await import('./commands/operate/dlq.ts')).dlqCommand(),
  lag: async () => (await import('./commands/operate/lag.ts')).lagCommand(),
  recover: async () => (await import('./commands/operate/recover.ts')).recoverCommand(),
  replay: async () => (await import('./commands/orders/replay.ts')).replayCommand(),
  reconcile: async () => (await import('./commands/operate/reconcile.ts')).reconcileCommand(),
  findings: async () => (await import('./commands/operate/findings.ts')).findingsCommand(),
  customer: async () => (await import('./commands/operate/customer.ts')).customerCommand(),
  webhooks: async () => (await import('./commands/setup/webhooks.ts')).webhooksCommand(),
  archive: async () => (await import('./commands/operate/archive.ts')).archiveCommand(),
  audit: async () => (await import('./commands/operate/audit.ts')).auditCommand(),
  explain: async () => (await import('./commands/orders/explain.ts')).explainCommand(),
};

/** The image has no local servers to manage. */
const installed: Readonly<Record<string, Load>> = Object.fromEntries(
  Object.entries(commandModules).filter(([name]) => name !== 'stack' || hasLocalServers),
);

/**
 * The command at the start of `args`. Without a known command it loads all commands, for the help and the error
 * message.
 */
export function loadCommands(args: readonly string[]): Promise<Command[]> {
  const name = args.find((arg) => !arg.startsWith('-'));
  const load = name === undefined ? undefined : installed[name];
  return Promise.all((load === undefined ? Object.values(installed) : [load]).map((each) => each()));
}
