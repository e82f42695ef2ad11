/** Owns what this process knows of idleness: for how long each Deployment has provably not been asked anything. */
import type { DemandBook } from '../../core/scaling/demand-book.ts';
import { demandKey } from '../../core/scaling/demand-book.ts';
import type { Deployment, Pod } from '../../kube/kinds.ts';
import { refOf } from '../../kube/resource.ts';
import type { Clock } from '../../platform/clock.ts';
import { isReady } from '../serving-endpoint/cold-start.ts';
import { byDeployment } from '../stores.ts';
import type { Stores } from '../stores.ts';
import { AnsweringSince } from './answering.ts';
import { endpointOf, isRouted } from './endpoint-of.ts';
import { idleLongEnough, mayGoToZero } from './plan-scale-to-zero.ts';

export interface IdlenessOptions {
  readonly stores: Pick<Stores, 'deployments' | 'pods' | 'endpoints'>;
  readonly book: DemandBook;
  readonly clock: Clock;
}

/** To be asked in the leader alone, who hears all reports, and who looks once a second. */
export class Idleness {
  readonly #options: IdlenessOptions;
  readonly #answering = new AnsweringSince();

  constructor(options: IdlenessOptions) {
    this.#options = options;
  }

  /** Looks at what can be asked now. */
  look(): void {
    const { stores, book, clock } = this.#options;
    const now = clock.monotonic();
    book.prune(now);
    this.#answering.note(
      stores.deployments.store.list(),
      (deployment) => isRouted(stores, deployment),
      now,
      (deployment) => this.#recorded(deployment),
    );
  }

  /**
   * Returns for how many milliseconds a Deployment has been idle, where that is long enough for it to go to zero.
   */
  longEnough(deployment: Deployment): number | undefined {
    const { book, clock } = this.#options;
    const { name, namespace = '' } = refOf(deployment);
    // Most of thousands may not go to zero or are there: nothing is gathered for them, every second.
    if (!mayGoToZero(deployment)) return undefined;
    return idleLongEnough({
      deployment,
      // A pod that never became ready has served nobody and may be unable to report.
      pods: this.#readyPods(deployment).map((pod) => pod.metadata?.name ?? ''),
      demand: book.demandOf(demandKey(namespace, name), clock.monotonic()),
      answersSince: this.#answering.of(deployment),
    });
  }

  #readyPods(deployment: Deployment): Pod[] {
    const { name, namespace = '' } = refOf(deployment);
    return this.#options.stores.pods.store
      .byIndex(byDeployment, `${namespace}/${name}`)
      .filter((pod) => pod.metadata?.deletionTimestamp === undefined && isReady(pod));
  }

  /** When its first pod became ready or its config version got the traffic, whichever was later, by their clocks. */
  #recorded(deployment: Deployment): number | undefined {
    const { stores, clock } = this.#options;
    const readyAt = Math.min(...this.#readyPods(deployment).map(readySince));
    const activeAt = Date.parse(endpointOf(stores, deployment)?.status?.active?.since ?? '');
    const at = Math.max(readyAt, activeAt);
    return Number.isFinite(at) ? clock.monotonic() - (clock.now() - at) : undefined;
  }
}

const readySince = ({ status }: Pod): number =>
  Date.parse(status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime ?? '');
