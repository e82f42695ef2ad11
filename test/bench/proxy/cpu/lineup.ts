/** Owns who is measured in which shape. */
import type { MeasuredProcess } from '../../measured-process.ts';
import type { StartProxy } from '../contestants/hop.ts';
import { startNginx } from '../contestants/nginx.ts';
import { startPlainSidecar } from '../fairlead/processes.ts';
import { freePort } from '../free-port.ts';
import type { Aim } from '../load/wrk.ts';
import { startFairleadPair, startPair } from '../pair.ts';
import type { Pair } from '../pair.ts';
import type { Bench } from '../with-bench.ts';
import type { Programs } from './programs.ts';
import type { Shape } from './shapes.ts';

/** One row of the table: a process in its shape. */
export interface Measured {
  readonly proxy: string;
  readonly shape: Shape;
  readonly process: MeasuredProcess;
}

/** What is running for one or two rows. */
export interface Subject {
  readonly aim: Aim;
  readonly measured: readonly Measured[];
  /** Needed, and measured elsewhere. */
  readonly beside: readonly MeasuredProcess[];
}

export interface Entry {
  readonly title: string;
  start(): Promise<Subject>;
}

/** The one path that a sidecar serves; all contestants that stand alone are asked for it. */
const sidecarPath = '/invocations';

/** Returns the entries in the order in which they are measured: the yardsticks of a shape just before Fairlead in it. */
export function makeLineup(bench: Bench, programs: Programs, modelPort: number): Entry[] {
  const alone = (proxy: string, start: StartProxy): Entry => ({
    title: `${proxy}, alone`,
    start: async () => {
      const { directory, sidecarTls: tls } = bench;
      const port = await freePort();
      const hop = { name: 'alone', directory, port, to: modelPort, in: 'plain', out: 'plain', tls } as const;
      return subjectOf(port, [{ proxy, shape: 'A', process: await start(hop) }]);
    },
  });
  const pair = (proxy: string, both: StartProxy): Entry => ({
    title: `${proxy}, pair`,
    start: async () => {
      const { edge, inner, ...to } = await startPair(bench, { modelPort, edge: both, inner: both });
      return pairOf(to, [
        { proxy, shape: 'C', process: edge },
        { proxy, shape: 'B', process: inner },
      ]);
    },
  });
  const front = (proxy: string, both: StartProxy): Entry => ({
    title: `${proxy}, pair with TLS in front`,
    start: async () => {
      const options = { modelPort, edge: both, inner: both, in: 'tls' } as const;
      const { edge, inner, ...to } = await startPair(bench, options);
      return pairOf(to, [{ proxy, shape: 'D', process: edge }], [inner]);
    },
  });
  const others = Object.entries(programs.proxies);
  const { queueProxy } = programs;
  return [
    ...(queueProxy.plain === undefined ? [] : [alone('Knative queue-proxy', queueProxy.plain)]),
    ...others.map(([proxy, start]) => alone(proxy, start)),
    plainSidecar(bench, modelPort),
    ...(queueProxy.tls === undefined ? [] : [queueProxyBehindNginx(bench, modelPort, queueProxy.tls)]),
    ...others.map(([proxy, start]) => pair(proxy, start)),
    fairleadPair(bench, modelPort),
    ...others.map(([proxy, start]) => front(proxy, start)),
    fairleadFront(bench, modelPort),
  ];
}

const subjectOf = (port: number, measured: readonly Measured[]): Subject => ({
  aim: { origin: `http://127.0.0.1:${port}`, paths: [sidecarPath] },
  measured,
  beside: [],
});

const pairOf = (
  { origin, path }: Pick<Pair, 'origin' | 'path'>,
  measured: readonly Measured[],
  beside: readonly MeasuredProcess[] = [],
): Subject => ({ aim: { origin, paths: [path] }, measured, beside });

const plainSidecar = ({ directory }: Bench, modelPort: number): Entry => ({
  title: 'Fairlead sidecar, alone',
  start: async () => {
    const port = await freePort();
    const process = await startPlainSidecar(directory, { port, modelPort });
    return subjectOf(port, [{ proxy: 'Fairlead sidecar', shape: 'A', process }]);
  },
});

const fairleadPair = (bench: Bench, modelPort: number): Entry => ({
  title: 'Fairlead, pair',
  start: async () => {
    const { edge, inner, ...to } = await startFairleadPair(bench, modelPort);
    return pairOf(to, [
      { proxy: 'Fairlead gateway', shape: 'C', process: edge },
      { proxy: 'Fairlead sidecar', shape: 'B', process: inner },
    ]);
  },
});

const fairleadFront = (bench: Bench, modelPort: number): Entry => ({
  title: 'Fairlead, pair with TLS in front',
  start: async () => {
    const { edge, inner, ...to } = await startFairleadPair(bench, modelPort, { in: 'tls' });
    return pairOf(to, [{ proxy: 'Fairlead gateway', shape: 'D', process: edge }], [inner]);
  },
});

/** It has no edge of its own, and asks nobody for a certificate. */
const queueProxyBehindNginx = (bench: Bench, modelPort: number, inner: StartProxy): Entry => ({
  title: 'Knative queue-proxy, behind nginx',
  start: async () => {
    const options = { modelPort, edge: startNginx, inner, between: 'tls' } as const;
    const pair = await startPair(bench, options);
    const measured: Measured = { proxy: 'Knative queue-proxy', shape: 'B', process: pair.inner };
    return pairOf(pair, [measured], [pair.edge]);
  },
});
