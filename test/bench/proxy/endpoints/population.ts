/** Owns many endpoints in one cluster, each with a pod at an address and with a certificate of its own. */
import type { ServingEndpoint } from '../../../../crds/schema/serving-endpoint.ts';
import { endpointIdentity } from '../../../../platform/tls/identity.ts';
import { aWineEndpoint } from '../../../../proxy/testing/cluster-fixture.ts';
import type { MeasuredProcess } from '../../measured-process.ts';
import { startManySidecars } from '../contestants/nginx.ts';
import { generousLimits, namespace } from '../fairlead/bench-cluster.ts';
import { freePort } from '../free-port.ts';
import type { Bench } from '../with-bench.ts';

export interface Population {
  /** One for each endpoint. */
  readonly paths: readonly [string, ...string[]];
  /** What stands for the pods. */
  readonly pods: MeasuredProcess;
}

/** Returns the loopback address of the pod with this number: all of 127/8 is this machine's. */
export const podAddress = (index: number): string => `127.20.${Math.floor(index / 250)}.${(index % 250) + 1}`;

/** Adds `count` endpoints to the cluster and starts their pods, which answer by themselves. */
export async function populate(bench: Bench, count: number): Promise<Population> {
  const port = await freePort();
  const names = Array.from({ length: count }, (_, index) => `wine-${index + 1}`);
  const pods: { host: string; tls: string }[] = [];
  for (const [index, name] of names.entries()) {
    const host = podAddress(index);
    pods.push({ host, tls: await bench.pki.directory(endpointIdentity('cluster.local', namespace, name)) });
    bench.cluster.setEndpoint(anEndpoint(name));
    bench.cluster.setPods(namespace, deploymentOf(name), [{ host, port, ready: true }]);
  }
  return {
    paths: names.map((name) => `/namespaces/${namespace}/serving-endpoints/${name}/invocations`) as [string],
    pods: await startManySidecars(pods, port, bench.directory),
  };
}

const deploymentOf = (name: string): string => `${name}-0123456789`;

const anEndpoint = (name: string): ServingEndpoint =>
  aWineEndpoint((endpoint) => ({
    ...endpoint,
    metadata: { ...endpoint.metadata, name, uid: `u-${name}` },
    spec: { ...endpoint.spec, rateLimits: generousLimits },
    status: {
      ...endpoint.status,
      traffic: [{ servedEntity: 'wine-1', percent: 100, deployment: deploymentOf(name), configVersion: 1 }],
    },
  }));
