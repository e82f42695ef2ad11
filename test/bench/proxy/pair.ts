/** Owns two proxies behind one another: the edge in the gateway's place, the inner one in the sidecar's, mTLS between. */
import type { MeasuredProcess } from '../measured-process.ts';
import type { StartProxy } from './contestants/hop.ts';
import { deployment, namespace, winePath } from './fairlead/bench-cluster.ts';
import { startGatewayProcess, startSidecarProcess } from './fairlead/processes.ts';
import { freePort } from './free-port.ts';
import type { Bench } from './with-bench.ts';

export interface Pair {
  /** Of the edge, for `path`. */
  readonly origin: string;
  readonly path: string;
  readonly edge: MeasuredProcess;
  readonly inner: MeasuredProcess;
}

export interface PairOptions {
  readonly modelPort: number;
  readonly edge: StartProxy;
  readonly inner: StartProxy;
  /** What the edge is to callers; default plain. */
  readonly in?: 'plain' | 'tls';
  /** What the inner one is to the edge; default `mtls`. */
  readonly between?: 'tls' | 'mtls';
}

/** Starts two proxies of others. */
export async function startPair(bench: Bench, options: PairOptions): Promise<Pair> {
  const { directory } = bench;
  const [edgePort, innerPort] = [await freePort(), await freePort()];
  const towards = options.in ?? 'plain';
  const inner = await options.inner({
    name: 'inner',
    directory,
    port: innerPort,
    to: options.modelPort,
    in: options.between ?? 'mtls',
    out: 'plain',
    tls: bench.sidecarTls,
  });
  const edge = await options.edge({
    name: 'edge',
    directory,
    port: edgePort,
    to: innerPort,
    in: towards,
    out: 'mtls',
    tls: bench.gatewayTls,
  });
  return { origin: originOf(towards, edgePort), path: winePath, edge, inner };
}

const originOf = (towards: 'plain' | 'tls', port: number): string =>
  `${towards === 'plain' ? 'http' : 'https'}://127.0.0.1:${port}`;

/** Starts the gateway and a sidecar; `concurrency` is the sidecar's limit, default as many as wrk has connections. */
export async function startFairleadPair(
  bench: Bench,
  modelPort: number,
  { concurrency, in: towards = 'plain' }: { readonly concurrency?: number } & Pick<PairOptions, 'in'> = {},
): Promise<Pair> {
  const [edgePort, innerPort] = [await freePort(), await freePort()];
  const inner = await startSidecarProcess(bench, { port: innerPort, modelPort }, concurrency);
  bench.cluster.setPods(namespace, deployment, [{ host: '127.0.0.1', port: innerPort, ready: true }]);
  const edge = await startGatewayProcess(bench, edgePort, towards);
  return { origin: originOf(towards, edgePort), path: winePath, edge, inner };
}

/** Stops both. */
export async function stopPair({ edge, inner }: Pair): Promise<void> {
  await edge.stop();
  await inner.stop();
}
