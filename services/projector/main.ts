import { runService } from '../shared/lifecycle/index.ts';
import { fields } from './config.ts';
import { startProjector } from './service.ts';

await runService({ name: 'projector', env: process.env, fields, start: startProjector });
