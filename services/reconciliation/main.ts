import { runService } from '../shared/lifecycle/index.ts';
import { fields } from './config.ts';
import { stepBack } from './running/priority.ts';
import { startReconciliation } from './service.ts';

stepBack();
await runService({ name: 'reconciliation', env: process.env, fields, start: startReconciliation });
