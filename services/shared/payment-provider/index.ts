export { type PaymentCommand, paymentCommand, recordRefundCommand } from './commands.ts';
export { createLocalProvider } from './local/local-provider.ts';
export {
  type CapturedData,
  type DeclinedData,
  RefundBody,
  type RefundData,
  SessionBody,
} from './local/shapes.ts';
export type * from './port.ts';
export { createProviders, type Providers, providerRules } from './providers.ts';
