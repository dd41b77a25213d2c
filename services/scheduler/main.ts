import { runService } from '../shared/lifecycle/index.ts';
import { fields } from './config.ts';
import { startScheduler } from './service.ts';

await runService({ name: 'scheduler', env: process.env, fields, start: startScheduler });
