/** Owns the endpoints that the suite fills a cluster with. */
import type { ServingEndpoint } from '../../../crds/schema/serving-endpoint.ts';
import type { KubeClient } from '../../../kube/client.ts';
import * as kinds from '../../../kube/kinds.ts';
import { makeKind } from '../../../kube/resource.ts';
import { sideBySide } from './side-by-side.ts';

/** As many as a namespace may have by default. */
const perNamespace = 1_000;
const writers = 16;
const serviceAccounts = makeKind('v1', 'ServiceAccount', 'serviceaccounts');

/** Creates `count` endpoints of one small model each, a thousand to a namespace. */
export async function makePopulation(client: KubeClient, count: number): Promise<void> {
  const namespaces = Math.ceil(count / perNamespace);
  for (let index = 0; index < namespaces; index += 1) {
    const name = namespaceOf(index * perNamespace);
    await client.apply(kinds.namespaces, { metadata: { name } }, { fieldManager: 'bench' });
    // A controller's business, which does not run here; pods are refused without it.
    const account = { metadata: { name: 'default', namespace: name } };
    await client.apply(serviceAccounts, account, { fieldManager: 'bench' });
  }
  const indexes = Array.from({ length: count }, (_, index) => index);
  await sideBySide(writers, indexes, async (index) => {
    await client.create(kinds.servingEndpoints, anEndpoint(index), { fieldManager: 'bench' });
  });
}

const namespaceOf = (index: number): string => `team-${Math.floor(index / perNamespace)}`;

function anEndpoint(index: number): ServingEndpoint {
  const manifest = {
    apiVersion: 'serving.fairlead.dev/v1alpha1',
    kind: 'ServingEndpoint',
    metadata: { name: `model-${index}`, namespace: namespaceOf(index) },
    spec: {
      servedEntities: [
        {
          name: 'wine-1',
          model: { uri: 'models:/wine/1' },
          // With a bound on both sides, as most have: the HPA is part of what is kept.
          workload: { size: 'Medium', scaleToZero: { enabled: true } },
        },
      ],
    },
  };
  return manifest as unknown as ServingEndpoint;
}
