export { type AdminServer, startAdminServer } from './admin-server.ts';
export { createLifecycle, type Lifecycle } from './lifecycle.ts';
export { type Running, runService, type ServiceContext } from './run-service.ts';
export { startWork } from './work.ts';
