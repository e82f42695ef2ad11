/** Owns the answers of /healthz and /readyz: named checks, and the switch that a shutdown turns first. */

/** Returns undefined while the thing is ready, and the reason in words while it is not. */
export type ReadinessCheck = () => string | undefined;

export class Health {
  readonly #checks = new Map<string, ReadinessCheck>();
  readonly #notes = new Map<string, ReadinessCheck>();
  #stopping = false;

  /** Adds a check that `/readyz` consults; the process is ready while every check returns undefined. */
  addReadinessCheck(name: string, check: ReadinessCheck): void {
    this.#checks.set(name, check);
  }

  /** Adds something that `/readyz` tells while it is amiss, and that is no reason to be unready. */
  addNote(name: string, check: ReadinessCheck): void {
    this.#notes.set(name, check);
  }

  /** Makes the process unready for good: the first step of a shutdown, before anything stops serving. */
  startStopping(): void {
    this.#stopping = true;
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  /** Returns the reasons why the process is not ready, by check; empty when it is. */
  unreadyReasons(): Record<string, string> {
    return { ...(this.#stopping ? { shutdown: 'the process is stopping' } : {}), ...told(this.#checks) };
  }

  /** Returns what is amiss though the process is ready, by name; empty where nothing is. */
  notes(): Record<string, string> {
    return told(this.#notes);
  }
}

function told(checks: ReadonlyMap<string, ReadinessCheck>): Record<string, string> {
  const reasons: Record<string, string> = {};
  for (const [name, check] of checks) {
    const reason = check();
    if (reason !== undefined) reasons[name] = reason;
  }
  return reasons;
}
