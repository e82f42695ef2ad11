/** Owns since when Deployments have been able to be asked: ready, and routed to by the active config. */
import type { Deployment } from '../../kube/kinds.ts';
import { keyOf, refOf } from '../../kube/resource.ts';

/**
 * Idle time counts from here: while a model loads, or waits for the traffic of its config version, nobody can have asked
 * it anything, and that nobody has says nothing of what comes.
 */
export class AnsweringSince {
  readonly #since = new Map<string, number>();
  #isFirst = true;

  /**
   * Takes over how it stands at `now`; `isRouted` tells whether the active config routes to a Deployment. A process that
   * has just begun to look takes `recorded`, the time that the cluster has on record, so that a change of the leader
   * does not make the time begin anew.
   */
  note(
    all: readonly Deployment[],
    isRouted: (deployment: Deployment) => boolean,
    now: number,
    recorded: (deployment: Deployment) => number | undefined = () => undefined,
  ): void {
    const answering = new Map(
      all
        .filter((deployment) => (deployment.status?.readyReplicas ?? 0) > 0 && isRouted(deployment))
        .map((deployment) => [keyOf(refOf(deployment)), deployment]),
    );
    for (const key of this.#since.keys()) if (!answering.has(key)) this.#since.delete(key);
    for (const [key, deployment] of answering) {
      if (this.#since.has(key)) continue;
      const earlier = this.#isFirst ? recorded(deployment) : undefined;
      this.#since.set(key, Math.min(now, earlier ?? now));
    }
    this.#isFirst = false;
  }

  /** Returns since when, as `note` was told; undefined while it cannot be asked. */
  of(deployment: Deployment): number | undefined {
    return this.#since.get(keyOf(refOf(deployment)));
  }
}
