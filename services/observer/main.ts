import { runService } from '../shared/lifecycle/index.ts';
import { fields, rules } from './config.ts';
import { startObserver } from './service.ts';

await runService({ name: 'observer', env: process.env, fields, rules, start: startObserver });
