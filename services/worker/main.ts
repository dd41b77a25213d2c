import { runService } from '../shared/lifecycle/index.ts';
import { workerFields } from './config.ts';
import { startWorker } from './worker.ts';

await runService({ name: 'worker', env: process.env, fields: workerFields, start: startWorker });
