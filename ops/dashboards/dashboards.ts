import { api } from './api.ts';
import { overview } from './overview.ts';
import { pipeline } from './pipeline.ts';
import { servers } from './servers.ts';
import { subscribers } from './subscribers.ts';

/** All dashboards, in the order of their questions: is all well, and if not, where? */
export const dashboards = [overview, pipeline, api, subscribers, servers] as const;
