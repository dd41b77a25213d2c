import { runService } from '../shared/lifecycle/index.ts';
import { fields, rules } from './config.ts';
import { startPayments } from './service.ts';

await runService({ name: 'payments', env: process.env, fields, rules, start: startPayments });
