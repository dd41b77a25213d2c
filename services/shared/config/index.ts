export {
  adminFields,
  configFields,
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
export { configSections, settingsIn, withConfigFile } from './config-file.ts';
export {
  bool,
  durationMs,
  type Field,
  int,
  list,
  live,
  oneOf,
  secret,
  secretList,
  str,
  url,
} from './fields.ts';
export { expiredFlags, flag, flagTable } from './flags.ts';
export { createLiveConfig, derived, type Live } from './live.ts';
export {
  type ConfigOf,
  describeConfig,
  type Env,
  type Fields,
  type LiveOf,
  loadConfig,
  type StaticOf,
} from './load.ts';
export { fileVariable, isGiven } from './secret-files.ts';
export { basicAuth, type Login, loginOf, takeLogin, withoutPassword } from './urls.ts';
