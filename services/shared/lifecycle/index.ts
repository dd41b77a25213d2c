export { type AdminServer, startAdminServer } from './admin-server.ts';
export { createLifecycle, type Lifecycle, type LifecycleState } from './lifecycle.ts';
export { type Running, runService, type ServiceContext, type ServiceOptions } from './run-service.ts';
export type { Host } from './shutdown.ts';
