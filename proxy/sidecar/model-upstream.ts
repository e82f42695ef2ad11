/** Owns the way from the sidecar to the model server beside it. */
import type { SidecarConfig } from '../../core/sidecar-config.ts';
import type { Clock } from '../../platform/clock.ts';
import { Pool } from '../upstream/pool.ts';

/** Usual Python servers close idle connections after five seconds; be gone before. */
const idleMs = 4_000;

export interface ModelUpstream {
  readonly pool: () => Pool;
  /** Takes over another address, where the configuration has changed it. */
  update(modelServer: SidecarConfig['modelServer']): void;
  stop(): void;
}

/** Returns the upstream of `modelServer`. */
export function makeModelUpstream(modelServer: SidecarConfig['modelServer'], clock: Clock): ModelUpstream {
  let { host, port } = modelServer;
  let pool = new Pool({ host, port, idleMs, clock });
  return {
    pool: () => pool,
    update: (next) => {
      if (next.host === host && next.port === port) return;
      ({ host, port } = next);
      pool.retire();
      pool = new Pool({ host, port, idleMs, clock });
    },
    stop: () => pool.destroy(),
  };
}
