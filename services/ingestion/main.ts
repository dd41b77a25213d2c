import { runService } from '../shared/lifecycle/index.ts';
import { ingestionFields } from './config.ts';
import { startIngestion } from './service.ts';

await runService({ name: 'ingestion', env: process.env, fields: ingestionFields, start: startIngestion });
