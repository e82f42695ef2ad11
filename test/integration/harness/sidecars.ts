/** Owns the part of sidecars in tests without nodes: an endpoint with a ready pod, and who reports for it. */
import type { DemandEntry } from '../../../core/scaling/demand-report.ts';
import type { EndpointBuilder } from '../../support/an-endpoint.ts';
import { createPod, deploymentsOf, readyPod } from './nodes.ts';
import { aReport, ask, tlsOf } from './proxies.ts';
import type { MutualTls } from './proxies.ts';
import { until } from './until.ts';
import type { RunningOperator, World } from './world.ts';

export interface Sidecar {
  readonly deployment: string;
  readonly pod: string;
  readonly tls: MutualTls;
  readonly on: { readonly endpoint: string; readonly deployment: string };
}

/** Brings an endpoint up with one ready pod, and returns what its sidecar needs to report. */
export async function bringUp(world: World, endpoint: EndpointBuilder): Promise<Sidecar> {
  const manifest = endpoint.manifest();
  const { name } = manifest.metadata;
  await world.apply(manifest);
  await until(`${name} is ready`, async () => (await world.endpoint(name)).status?.ready === 'True');
  const [made] = await deploymentsOf(world.client, name);
  const deployment = made!.metadata!.name!;
  const pod = `${name}-pod`;
  await createPod(world.client, made!, pod, readyPod);
  const tls = await tlsOf(world.client, 'default', `${name}-sidecar-tls`);
  return { deployment, pod, tls, on: { endpoint: name, deployment } };
}

/** Reports ten times a second to whoever leads, until told to stop; the first report to each leader is told as such. */
export function keepReporting(
  sidecar: Sidecar,
  leader: () => RunningOperator,
  entry: (isFirst: boolean) => Partial<DemandEntry> = () => ({}),
): () => Promise<void> {
  const end = new AbortController();
  let told: RunningOperator | undefined;
  const tell = async (): Promise<void> => {
    const to = leader();
    const report = aReport(sidecar.pod, sidecar.on);
    const entries = report.entries.map((plain) => ({ ...plain, ...entry(told !== to) }));
    const url = `https://${to.host}:${to.demandPort}/v1/demand`;
    const { status } = await ask(url, 'POST', sidecar.tls, { ...report, intervalMs: 100, entries });
    if (status === 204) told = to;
  };
  const loop = (async () => {
    while (!end.signal.aborted) {
      // Between two leaders nobody listens.
      await tell().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  return async () => {
    end.abort();
    await loop;
  };
}
