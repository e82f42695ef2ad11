/** Owns the recording of Kubernetes Events: in the background, in order, and never at the cost of the caller. */
import { systemClock } from '../platform/clock.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logging.ts';
import { isNotFound } from './api-error.ts';
import type { KubeClient } from './client.ts';
import { makeEventAggregation } from './event-aggregation.ts';
import type {
  AggregationLimits,
  EventAggregation,
  EventDecision,
  Occurrence,
  Regarding,
  SeriesKey,
} from './event-aggregation.ts';
import { makeKubeMetrics } from './kube-metrics.ts';
import type { KubeMetrics } from './kube-metrics.ts';
import { events } from './kinds.ts';
import type { Event } from './kinds.ts';
import { microTimeOf } from './micro-time.ts';
import { refOf } from './resource.ts';
import type { KubeObject, ObjectRef } from './resource.ts';

export interface EventRecorderOptions {
  readonly client: KubeClient;
  /** `serving.fairlead.dev/operator`, say. */
  readonly reportingController: string;
  /** The pod's name. */
  readonly reportingInstance: string;
  readonly log: Logger;
  readonly metrics?: KubeMetrics;
  readonly clock?: Clock;
  readonly limits?: AggregationLimits;
}

interface Entry {
  readonly decision: Exclude<EventDecision, { do: 'limit' | 'hold' }>;
  readonly regarding: Regarding;
  readonly occurrence: Occurrence;
  readonly at: number;
}

/** Beyond this many unwritten events new ones are dropped: the API is slow or away, and memory is dearer than news. */
const maxPending = 1_000;
/** As many series as one recorder follows; the event of the oldest is then no longer counted up. */
const maxRemembered = 4_096;
const maxNoteLength = 1024;
const maxNameLength = 253;

/** Returns the `regarding` of an event about `object`, which must carry apiVersion and kind. */
export function regardingOf(object: KubeObject): Regarding {
  const { uid, resourceVersion } = object.metadata ?? {};
  return {
    ...refOf(object),
    apiVersion: object.apiVersion ?? '',
    kind: object.kind ?? '',
    uid,
    resourceVersion,
  };
}

/** One per process; `record` until `stop`. */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #metrics: KubeMetrics;
  readonly #clock: Clock;
  readonly #aggregation: EventAggregation;
  /** The events that series count up. */
  readonly #written = new Map<SeriesKey, ObjectRef>();
  readonly #givingUp = new AbortController();
  #pending = 0;
  #sequence = 0;
  #stopped = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#metrics = options.metrics ?? makeKubeMetrics();
    this.#clock = options.clock ?? systemClock;
    this.#aggregation = makeEventAggregation(options.limits);
  }

  /** Records that something happened to an object. Returns at once and never throws; what fails is logged and counted. */
  record(regarding: Regarding, occurrence: Occurrence): void {
    if (this.#stopped || this.#pending >= maxPending) {
      this.#count('dropped');
      return;
    }
    const cut = { ...occurrence, note: occurrence.note.slice(0, maxNoteLength) };
    const decision = this.#aggregation.decide(regarding, cut, this.#clock.monotonic());
    if (decision.do === 'limit') this.#count('limited');
    if (decision.do === 'limit' || decision.do === 'hold') return;
    this.#pending += 1;
    const at = this.#clock.now();
    this.#writing = this.#writing.then(() => this.#writeSafely({ decision, regarding, occurrence: cut, at }));
  }

  /** Resolves when what was recorded so far has been written or has failed, `flushMs` later at most; takes nothing more. */
  async stop(flushMs = 5_000): Promise<void> {
    this.#stopped = true;
    const limit = setTimeout(() => this.#givingUp.abort(), flushMs);
    await this.#writing;
    clearTimeout(limit);
  }

  async #writeSafely(entry: Entry): Promise<void> {
    const { decision, regarding, occurrence } = entry;
    try {
      await this.#write(entry);
    } catch (error) {
      // Without its event (it lived its hour, or was never written) a series has nothing to count up.
      if (decision.do === 'create' || isNotFound(error)) {
        this.#aggregation.forget(decision.series);
        this.#written.delete(decision.series);
      }
      this.#count('failed');
      this.#options.log.warn({ regarding, reason: occurrence.reason, error }, 'event not recorded');
    } finally {
      this.#pending -= 1;
    }
  }

  async #write(entry: Entry): Promise<void> {
    const { decision, at } = entry;
    const { client } = this.#options;
    const call = { signal: this.#givingUp.signal };
    const known = this.#written.get(decision.series);
    if (decision.do === 'count' && known !== undefined) {
      const series = { count: decision.count, lastObservedTime: microTimeOf(at) };
      await client.mergePatch(events, known, { series }, call);
      this.#count('counted');
      return;
    }
    this.#sequence += 1;
    const event = makeEvent({ ...this.#options, ...entry, sequence: this.#sequence });
    await client.create(events, event, call);
    this.#remember(decision.series, refOf(event));
    this.#count('created');
  }

  #remember(series: SeriesKey, ref: ObjectRef): void {
    this.#written.set(series, ref);
    const oldest = this.#written.keys().next();
    if (this.#written.size > maxRemembered && oldest.done !== true) this.#written.delete(oldest.value);
  }

  #count(result: 'created' | 'counted' | 'limited' | 'dropped' | 'failed'): void {
    this.#metrics.eventsRecorded.inc({ result });
  }
}

/** Starts a recorder of events.k8s.io/v1 Events. */
export function startEventRecorder(options: EventRecorderOptions): EventRecorder {
  return new EventRecorder(options);
}

function makeEvent(facts: {
  readonly reportingController: string;
  readonly reportingInstance: string;
  readonly regarding: Regarding;
  readonly occurrence: Occurrence;
  readonly at: number;
  readonly sequence: number;
}): Event {
  const { regarding, occurrence, at, sequence } = facts;
  const suffix = `.${at.toString(16)}${sequence.toString(16).padStart(4, '0')}`;
  return {
    metadata: {
      name: `${regarding.name.slice(0, maxNameLength - suffix.length)}${suffix}`,
      // Events about objects without a namespace live in this one, as everywhere.
      namespace: regarding.namespace ?? 'default',
    },
    eventTime: microTimeOf(at),
    reportingController: facts.reportingController,
    reportingInstance: facts.reportingInstance,
    regarding: definedFieldsOf(regarding),
    ...occurrence,
  };
}

/** JSON would drop the undefined ones anyway; the event's type does not allow them. */
function definedFieldsOf(regarding: Regarding): NonNullable<Event['regarding']> {
  return Object.fromEntries(Object.entries(regarding).filter(([, value]) => value !== undefined));
}
