/** Owns when a sidecar is ready: the model can predict, and the sidecar is not draining. */
import { formatTimings } from '../../core/cold-start/timings.ts';
import { Health } from '../../platform/health.ts';
import { startTimesHeader } from '../sidecar-paths.ts';
import type { Drain } from './drain.ts';
import type { FetchWatch } from './fetch-watch.ts';
import { ModelHealth } from './model-health.ts';
import type { ModelUpstream } from './model-upstream.ts';
import { ReadyWait } from './ready-wait.ts';
import type { SidecarOptions } from './sidecar-options.ts';
import { StartTimes } from './start-times.ts';

export interface Readiness {
  readonly health: Health;
  readonly model: ModelHealth;
  /** Those who wait for it. */
  readonly readyWait: ReadyWait;
}

export function makeReadiness(
  { config, clock, log }: SidecarOptions,
  parts: { readonly upstream: ModelUpstream; readonly drain: Drain; readonly fetch: FetchWatch },
): Readiness {
  const { upstream, drain, fetch } = parts;
  const health = new Health();
  const start = new StartTimes(() => clock.monotonic());
  const readyWait = new ReadyWait(
    () => Object.keys(health.unreadyReasons()).length === 0,
    () => [startTimesHeader, formatTimings(start.read())],
  );
  const model = new ModelHealth({
    pool: upstream.pool,
    healthPath: () => config.current.modelServer.healthPath,
    isFetching: () => start.noteFetching(fetch.current !== undefined),
    onChange: (ready) => {
      log.info({ ready }, 'model readiness changed');
      if (!ready) {
        start.noteLost();
        return;
      }
      start.noteReady();
      readyWait.tell();
      fetch.stop();
    },
    onReturn: () => {
      if (!health.stopping) drain.reset();
    },
  });
  health.addReadinessCheck('model', () => model.unreadyReason());
  health.addReadinessCheck('drain', () => drain.unreadyReason());
  return { health, model, readyWait };
}
