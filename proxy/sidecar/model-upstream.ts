/** Owns the way from the sidecar to the model server beside it. */
import type { SidecarConfig } from '../../core/sidecar-config.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Http2Upstream } from '../upstream/http2-upstream.ts';
import { Pool } from '../upstream/pool.ts';

/** Usual Python servers close idle connections after five seconds; be gone before. */
const idleMs = 4_000;

export interface ModelUpstream {
  readonly pool: () => Pool;
  /** Where it takes gRPC; the port for everything else, where the configuration names none. */
  readonly grpc: () => Http2Upstream;
  /** Takes over another address, where the configuration has changed it. */
  update(modelServer: SidecarConfig['modelServer']): void;
  stop(): void;
}

/** Returns the upstream of `modelServer`. */
export function makeModelUpstream(modelServer: SidecarConfig['modelServer'], clock: Clock): ModelUpstream {
  const open = ({
    host,
    port,
    grpcPort = port,
  }: SidecarConfig['modelServer']): Record<'pool' | 'grpc', Pool> => {
    const pool = new Pool({ host, port, idleMs, clock });
    return { pool, grpc: grpcPort === port ? pool : new Pool({ host, port: grpcPort, idleMs, clock }) };
  };
  const keyOf = ({ host, port, grpcPort }: SidecarConfig['modelServer']): string =>
    `${host} ${port} ${grpcPort ?? port}`;
  let key = keyOf(modelServer);
  let pools = open(modelServer);
  return {
    pool: () => pools.pool,
    grpc: () => pools.grpc.http2,
    update: (next) => {
      if (keyOf(next) === key) return;
      key = keyOf(next);
      for (const pool of Object.values(pools)) pool.retire();
      pools = open(next);
    },
    stop: () => {
      for (const pool of Object.values(pools)) pool.destroy();
    },
  };
}
