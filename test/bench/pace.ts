/** Owns how long everything is measured: as long as figures need that are kept, or short, for trying out. */

/** `BENCH_QUICK=1`: each suite is short, and its figures are printed and not kept. */
export const isQuick = process.env['BENCH_QUICK'] === '1';

interface Pace {
  /** Each contestant is started and measured anew in each round; the middle of the rounds counts. */
  readonly rounds: number;
  readonly warmUpSeconds: number;
  readonly measureSeconds: number;
  /** At a constant rate. */
  readonly latencySeconds: number;
  /** Bodies of 16 MB in each direction. */
  readonly bodies: number;
  readonly streams: number;
  readonly endpoints: number;
  /** Requests after which memory is read, and read again. */
  readonly endurance: readonly [number, number];
  readonly wakeUps: number;
}

const full: Pace = {
  rounds: 3,
  warmUpSeconds: 5,
  measureSeconds: 5,
  latencySeconds: 15,
  bodies: 120,
  streams: 2_000,
  endpoints: 1_000,
  endurance: [100_000, 1_000_000],
  wakeUps: 10,
};

const quick: Pace = {
  rounds: 1,
  warmUpSeconds: 1,
  measureSeconds: 1,
  latencySeconds: 2,
  bodies: 8,
  streams: 100,
  endpoints: 50,
  endurance: [5_000, 15_000],
  wakeUps: 2,
};

export const pace: Pace = isQuick ? quick : full;
