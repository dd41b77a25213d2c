export {
  adminFields,
  consumerFields,
  kafkaFields,
  logFields,
  mysqlFields,
  paymentFields,
  personalDataFields,
  redisFields,
  registryFields,
  webhookFields,
} from './common.ts';
export { bool, durationMs, type Field, int, list, oneOf, secret, secretList, str, url } from './fields.ts';
export { type ConfigOf, describeConfig, type Env, type Fields, loadConfig } from './load.ts';
export { basicAuth, type Login, loginOf, takeLogin, withoutPassword } from './urls.ts';
