import { runService } from '../shared/lifecycle/index.ts';
import { ingestionFields, rules } from './config.ts';
import { startIngestion } from './service.ts';

await runService({
  name: 'ingestion',
  env: process.env,
  fields: ingestionFields,
  rules,
  start: startIngestion,
});
