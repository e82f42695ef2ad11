/** Owns the budgets of design §8 on the CPU and memory of gateway and sidecar, judged against Envoy of the same run. */
import { judge } from '../../verdict.ts';
import type { Verdict } from '../../verdict.ts';
import type { CpuRow } from './rows.ts';
import { shapes } from './shapes.ts';
import type { Shape } from './shapes.ts';

const cpuBudgets = {
  'Fairlead sidecar': { atMost: 1, aim: 0.6 },
  'Fairlead gateway': { atMost: 1.3, aim: 0.8 },
} as const;
const memoryBudget = { atMost: 60, aim: 45, unit: 'MiB' } as const;
/** As it runs in a pod. */
const sidecarShape: Shape = 'B';

/** Returns the verdicts on the rows of Fairlead: in each shape beside Envoy in that shape, and strictly beside plain Envoy. */
export function judgeRows(rows: readonly CpuRow[]): Verdict[] {
  return rows.flatMap((row) => [...judgeCpu(row), ...judgeMemory(row)]);
}

function judgeCpu({ proxy, shape, timesEnvoy, timesPlainEnvoy }: CpuRow): Verdict[] {
  if (!isFairlead(proxy)) return [];
  const budget = cpuBudgets[proxy];
  const what = `${proxy}, ${shapes[shape]}`;
  const same = judge({ what, ...budget, unit: '× Envoy in the same shape' }, timesEnvoy);
  if (shape === 'A') return [same];
  return [same, judge({ what, ...budget, unit: '× plain Envoy' }, timesPlainEnvoy)];
}

function judgeMemory({ proxy, shape, idleMiB, loadedMiB }: CpuRow): Verdict[] {
  if (proxy !== 'Fairlead sidecar' || shape !== sidecarShape) return [];
  return [
    judge({ what: `${proxy}, memory before the load`, ...memoryBudget }, idleMiB),
    judge({ what: `${proxy}, memory after it`, ...memoryBudget }, loadedMiB),
  ];
}

const isFairlead = (proxy: string): proxy is keyof typeof cpuBudgets => Object.hasOwn(cpuBudgets, proxy);

/** Returns the ratios that `compare` watches. */
export function ratiosOf(rows: readonly CpuRow[]): Record<string, number> {
  const ours = rows.filter(({ proxy }) => isFairlead(proxy));
  return Object.fromEntries([
    ...ours.flatMap(({ proxy, shape, ...row }) => [
      [`${proxy}, ${shapes[shape]}: CPU × Envoy`, row.timesEnvoy],
      [`${proxy}, ${shapes[shape]}: CPU × nginx`, row.timesNginx],
    ]),
    ...ours
      .filter(({ shape }) => shape !== 'A')
      .map(({ proxy, shape, loadedMiB }) => [`${proxy}, ${shapes[shape]}: MiB after the load`, loadedMiB]),
  ]) as Record<string, number>;
}
