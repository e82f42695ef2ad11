/** Owns what the suite `scale` measures. */
export interface ScaleFigures {
  readonly endpoints: number;
  /** From the first endpoint's creation until the operator has nothing left to do, everything on the same cores. */
  readonly bringUpMs: number;
  readonly bringUpPeakMiB: number;
  /** How often the operator had to be started again meanwhile. */
  readonly bringUpRestarts: number;
  /** From the start of a new operator until it has reconciled every endpoint once. */
  readonly resyncMs: number;
  readonly resyncCpuMs: number;
  /** By resource: what a new operator wrote from its start until the end of the quiet time. */
  readonly writes: Readonly<Record<string, number>>;
  readonly quietMs: number;
  /** Of one core. */
  readonly idleCpuShare: number;
  readonly residentMiB: number;
  readonly peakMiB: number;
}
