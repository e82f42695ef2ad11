/** Owns admission in tests without nodes: the installed webhook configurations, and a Service that leads to operators. */
import {
  endpointSlices,
  mutatingWebhookConfigurations,
  validatingWebhookConfigurations,
} from '../../../kube/kinds.ts';
import { applyManifests } from '../../../quickstart/cluster/apply.ts';
import { readManifests } from '../../../quickstart/cluster/manifests.ts';
import { until } from './until.ts';
import { systemNamespace } from './world.ts';
import type { RunningOperator, World } from './world.ts';

const ref = { name: 'fairlead' };

/** Lets the API server ask the given operators, as it asks their pods, and waits until it trusts them. */
export async function openWebhooks(world: World, ...operators: readonly RunningOperator[]): Promise<void> {
  await routeWebhooks(world, ...operators);
  const { client } = world;
  const manifests = readManifests('config');
  await applyManifests(
    client,
    manifests.filter(({ kind = '' }) => kind.endsWith('WebhookConfiguration')),
  );
  await until('both configurations trust the operator', async () => {
    const found = [
      ...((await client.get(validatingWebhookConfigurations, ref)).webhooks ?? []),
      ...((await client.get(mutatingWebhookConfigurations, ref)).webhooks ?? []),
    ];
    return found.length > 0 && found.every(({ clientConfig }) => clientConfig.caBundle !== undefined);
  });
}

/** Makes the Service of the operators lead to these, to none of them where none is given. */
export async function routeWebhooks(world: World, ...operators: readonly RunningOperator[]): Promise<void> {
  await world.client.apply(
    endpointSlices,
    {
      metadata: {
        name: 'fairlead-operator',
        namespace: systemNamespace,
        labels: { 'kubernetes.io/service-name': 'fairlead-operator' },
      },
      addressType: 'IPv4',
      ports: [{ name: 'webhook', port: 9443, protocol: 'TCP' }],
      endpoints: operators.map(({ host }) => ({ addresses: [host], conditions: { ready: true } })),
    },
    { fieldManager: 'test' },
  );
}
