export {
  callSpec,
  mailSpec,
  packetSpec,
  processSpec,
  providerSpec,
  requestSpec,
  sendSpec,
  webhookSpec,
} from './spans.ts';
export { isSampled, isTraceparent, TRACEPARENT_HEADER } from './traceparent.ts';
export { createTraces, errorTypeOf, noTraces, type TraceSpan, type Traces } from './traces.ts';
