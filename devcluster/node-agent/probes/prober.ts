/** Owns the probing of one container instance: when each probe runs, and what its verdicts mean. */
import type { Container, Probe } from '../../controllers/objects/kinds.ts';
import type { AttemptContext } from './attempt.ts';
import { attempt } from './attempt.ts';
import { addResult, noProbeRun } from './thresholds.ts';

export type ProbeKind = 'startup' | 'readiness' | 'liveness';

export interface ProberEvents {
  /** The container has started: its startup probe passed. Called at once where it has none. */
  onStarted(): void;
  onReady(ready: boolean): void;
  /** The startup or liveness probe gave the container up. */
  onFailed(kind: ProbeKind, probe: Probe): void;
  /** A single failed try. */
  onUnhealthy(kind: ProbeKind, message: string): void;
}

/**
 * Starts probing a container that runs. Readiness and liveness begin when the startup probe has passed. Without a
 * readiness probe a started container is ready.
 */
export function startProber(
  context: Omit<AttemptContext, 'signal'>,
  events: ProberEvents,
): { stopLiveness(): void; stop(): void } {
  const all = new AbortController();
  const living = new AbortController();
  const { container } = context;
  const loop = (kind: ProbeKind, probe: Probe, on: (verdict: boolean) => boolean): void => {
    const signal = kind === 'readiness' ? all.signal : AbortSignal.any([all.signal, living.signal]);
    runProbe(kind, probe, { ...context, signal }, on, events);
  };
  const afterStart = (): void => {
    events.onStarted();
    watchReadiness(container, loop, events);
    const { livenessProbe } = container;
    if (livenessProbe === undefined) return;
    loop('liveness', livenessProbe, (alive) => {
      if (!alive) events.onFailed('liveness', livenessProbe);
      return alive;
    });
  };
  const { startupProbe } = container;
  if (startupProbe === undefined) afterStart();
  else {
    loop('startup', startupProbe, (started) => {
      if (started) afterStart();
      else events.onFailed('startup', startupProbe);
      return false;
    });
  }
  return { stopLiveness: () => living.abort(), stop: () => all.abort() };
}

function watchReadiness(
  container: Container,
  loop: (kind: ProbeKind, probe: Probe, on: (verdict: boolean) => boolean) => void,
  events: ProberEvents,
): void {
  const { readinessProbe } = container;
  if (readinessProbe === undefined) {
    events.onReady(true);
    return;
  }
  loop('readiness', readinessProbe, (ready) => {
    events.onReady(ready);
    return true;
  });
}

/** Runs a probe until `on` returns false for a verdict, or the signal ends it. */
function runProbe(
  kind: ProbeKind,
  probe: Probe,
  context: AttemptContext,
  on: (verdict: boolean) => boolean,
  events: ProberEvents,
): void {
  const { signal } = context;
  const periodMs = (probe.periodSeconds ?? 10) * 1_000;
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1_000;
  let run = noProbeRun;
  let timer: NodeJS.Timeout | undefined;
  const tryOnce = async (): Promise<void> => {
    const outcome = await attempt(probe, context, timeoutMs);
    if (signal.aborted) return;
    if (!outcome.success) events.onUnhealthy(kind, outcome.message);
    const added = addResult(run, outcome.success, probe);
    run = added.run;
    if (added.verdict === undefined || on(added.verdict)) schedule(periodMs);
  };
  const schedule = (delayMs: number): void => {
    if (!signal.aborted) timer = setTimeout(() => void tryOnce(), delayMs);
  };
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  schedule((probe.initialDelaySeconds ?? 0) * 1_000);
}
