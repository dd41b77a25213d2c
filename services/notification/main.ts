import { runService } from '../shared/lifecycle/index.ts';
import { fields, rules } from './config.ts';
import { startNotification } from './service.ts';

await runService({ name: 'notification', env: process.env, fields, rules, start: startNotification });
