/** The API over gRPC. It stands on `application/`, as HTTP does. */
import type { Lifecycle } from '../../shared/lifecycle/index.ts';
import { type GrpcServer, type GrpcServerDeps, type GrpcSettings, startGrpcServer } from './server.ts';

export type { GrpcServerDeps } from './server.ts';
export type Grpc = Omit<GrpcServer, 'setServing'>;

/** How late health checks learn of a change of readiness. */
const healthEveryMs = 500;

/** Starts the server. Its health follows the readiness of this process. Resolves when it listens. */
export async function startGrpc(
  deps: GrpcServerDeps,
  settings: GrpcSettings,
  lifecycle: Pick<Lifecycle, 'readiness' | 'onChange'>,
): Promise<Grpc> {
  const server = await startGrpcServer(deps, settings);
  const follow = (): void => server.setServing(lifecycle.readiness().ready);
  const stopListening = lifecycle.onChange(follow);
  const timer = setInterval(follow, healthEveryMs);
  return {
    ...server,
    async stop() {
      stopListening();
      clearInterval(timer);
      await server.stop();
    },
  };
}
