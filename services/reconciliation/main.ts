import { runService } from '../shared/lifecycle/index.ts';
import { fields } from './config.ts';
import { startReconciliation } from './service.ts';

await runService({ name: 'reconciliation', env: process.env, fields, start: startReconciliation });
