/** Owns the budgets of design §8 that the benchmark can judge, and the verdict on each. */

/** What of a run is judged. CPU counts as a ratio to a yardstick of the same run: times of two machines do not compare. */
export interface Judged {
  readonly gatewayTimesNginx: number;
  readonly gatewayTimesBareNode: number;
  readonly sidecarTimesNginx: number;
  readonly sidecarTimesBareNode: number;
  readonly sidecarIdleMiB: number;
  readonly sidecarLoadedMiB: number;
  readonly requestToScaleWrittenMs: number;
  readonly readyToFirstByteMs: number;
}

export interface Verdict {
  readonly budget: string;
  readonly atMost: number;
  readonly unit: string;
  readonly measured: number;
  readonly kept: boolean;
}

/**
 * The middles of what one machine measured side by side in November 2026, in microseconds (design §8). Envoy is not part
 * of a run here, so a budget that names it is carried over by its ratio to the yardsticks there.
 */
const reference = { nginx: 15, bareNode: 58.5, envoy: 48 };

const carriedOver = (
  budget: string,
  timesEnvoy: number,
  yardstick: 'nginx' | 'bareNode',
  measured: number,
) => ({
  budget,
  atMost: Number(((timesEnvoy * reference.envoy) / reference[yardstick]).toFixed(2)),
  unit: yardstick === 'nginx' ? '× nginx' : '× bare Node',
  measured,
});

/** Returns the budgets with what was measured against each, and whether it was kept. */
export function judge(judged: Judged): Verdict[] {
  const sidecarCpu = 'sidecar CPU ≤ bare Envoy';
  const gatewayCpu = 'gateway CPU ≤ 1.3 × bare Envoy';
  return [
    carriedOver(sidecarCpu, 1, 'nginx', judged.sidecarTimesNginx),
    carriedOver(sidecarCpu, 1, 'bareNode', judged.sidecarTimesBareNode),
    carriedOver(gatewayCpu, 1.3, 'nginx', judged.gatewayTimesNginx),
    carriedOver(gatewayCpu, 1.3, 'bareNode', judged.gatewayTimesBareNode),
    { budget: 'sidecar memory, idle', atMost: 60, unit: 'MiB', measured: judged.sidecarIdleMiB },
    { budget: 'sidecar memory, after full load', atMost: 60, unit: 'MiB', measured: judged.sidecarLoadedMiB },
    {
      budget: 'request at zero → scale written, median',
      atMost: 20,
      unit: 'ms',
      measured: judged.requestToScaleWrittenMs,
    },
    {
      budget: 'pod ready → first byte sent to it, median',
      atMost: 50,
      unit: 'ms',
      measured: judged.readyToFirstByteMs,
    },
  ].map((row) => ({ ...row, kept: row.measured <= row.atMost }));
}
