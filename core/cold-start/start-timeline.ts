/**
 * Owns where the time of a pod's start goes, as whoever waits for it sees it: `schedule` until the pod has an address,
 * `pull` until its sidecar runs and a fetch begins, `download` of the model, `load` until the model can predict, and
 * `ready` until the request is on its way.
 */
import type { Timing } from './timings.ts';

export const startPhases = ['schedule', 'pull', 'download', 'load', 'ready'] as const;
export type StartPhase = (typeof startPhases)[number];

/** Moments of one clock, in milliseconds; undefined where they are not known. */
export interface StartTimeline {
  /** The pod had an address. */
  readonly addressAt: number;
  /** Its sidecar ran. */
  readonly startedAt: number | undefined;
  readonly downloadFrom: number | undefined;
  /** The model was there, and was loaded from now on. */
  readonly loadFrom: number | undefined;
  readonly readyAt: number | undefined;
}

export interface PhaseSpan {
  readonly phase: StartPhase;
  readonly from: number;
  readonly to: number;
}

/**
 * Returns the phases as far as they lie between `from` and `to`, in order; they do not overlap, and those of which
 * nothing is known, or nothing lies there, are left out. Who comes late has waited only for the rest.
 */
export function phasesWithin(timeline: StartTimeline, from: number, to: number): PhaseSpan[] {
  const { addressAt, startedAt, downloadFrom, loadFrom, readyAt } = timeline;
  const pulledAt = downloadFrom ?? startedAt;
  const ends: readonly (readonly [StartPhase, number | undefined, number | undefined])[] = [
    ['schedule', Number.NEGATIVE_INFINITY, addressAt],
    ['pull', addressAt, pulledAt],
    ['download', downloadFrom, loadFrom],
    ['load', loadFrom, readyAt],
    ['ready', readyAt, Number.POSITIVE_INFINITY],
  ];
  return ends.flatMap(([phase, begin, end]) => {
    if (begin === undefined || end === undefined) return [];
    const span = { phase, from: Math.max(begin, from), to: Math.min(end, to) };
    return span.to > span.from ? [span] : [];
  });
}

/** Returns the durations of a wait from `from` until `to`: the whole of it, and where it went. */
export const timingsWithin = (timeline: StartTimeline | undefined, from: number, to: number): Timing[] => [
  ['total', to - from],
  ...(timeline === undefined ? [] : phasesWithin(timeline, from, to)).map((span): Timing => [
    span.phase,
    span.to - span.from,
  ]),
];

/** What a sidecar tells of its pod's start: durations and how long ago something was, in milliseconds. */
export const toldNames = {
  /** How long ago its process began. */
  started: 'started',
  download: 'download',
  load: 'load',
  /** How long ago the model could predict for the first time. */
  ready: 'ready',
} as const;

/**
 * Returns the timeline of a pod whose sidecar has told `told` at `now`. What would lie before the pod had an address is
 * moved there: the clocks are two, and news of addresses takes its time.
 */
export function timelineOf(told: ReadonlyMap<string, number>, addressAt: number, now: number): StartTimeline {
  const started = told.get(toldNames.started);
  const load = told.get(toldNames.load);
  const download = told.get(toldNames.download);
  const notBefore = (at: number): number => Math.max(addressAt, at);
  const readyAt = now - (told.get(toldNames.ready) ?? 0);
  const loadFrom = load === undefined ? undefined : readyAt - load;
  return {
    addressAt,
    startedAt: started === undefined ? undefined : notBefore(now - started),
    downloadFrom:
      download === undefined || loadFrom === undefined ? undefined : notBefore(loadFrom - download),
    loadFrom: loadFrom === undefined ? undefined : notBefore(loadFrom),
    readyAt: notBefore(readyAt),
  };
}
