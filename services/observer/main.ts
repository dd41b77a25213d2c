import { runService } from '../shared/lifecycle/index.ts';
import { fields } from './config.ts';
import { startObserver } from './service.ts';

await runService({ name: 'observer', env: process.env, fields, start: startObserver });
