/** Owns the endpoints of journeys: their manifests, their state and their answers. */
import type { Condition } from '../../crds/schema/condition.ts';
import type { ServingEndpoint, ServingEndpointManifest } from '../../crds/schema/serving-endpoint.ts';
import type { KubeClient } from '../../kube/client.ts';
import { servingEndpoints } from '../../kube/kinds.ts';
import { clusterUnderTest } from './cluster-under-test.ts';
import { eventually } from './eventually.ts';

export const namespace = 'default';

type ServedEntity = ServingEndpointManifest['spec']['servedEntities'][number];

/** Returns the manifest of an endpoint with one model behind it. */
export function anEndpoint(
  name: string,
  modelUri: string,
  workload: ServedEntity['workload'] = {},
): ServingEndpointManifest {
  return {
    apiVersion: 'serving.fairlead.dev/v1alpha1',
    kind: 'ServingEndpoint',
    metadata: { name, namespace },
    spec: {
      servedEntities: [
        { name: modelUri.replace('models:/', '').replace('/', '-'), model: { uri: modelUri }, workload },
      ],
    },
  };
}

/** Applies the manifest as a person with kubectl does. */
export async function apply(client: KubeClient, manifest: ServingEndpointManifest): Promise<ServingEndpoint> {
  return client.apply(servingEndpoints, manifest as ServingEndpoint, { fieldManager: 'journey' });
}

export const conditionOf = (endpoint: ServingEndpoint, type: string): Condition | undefined =>
  endpoint.status?.conditions?.find((condition) => condition.type === type);

/** Waits until the endpoint serves its newest spec. */
export async function untilReady(
  client: KubeClient,
  name: string,
  timeoutMs = 90_000,
): Promise<ServingEndpoint> {
  return eventually(
    `${name} is Ready`,
    timeoutMs,
    () => client.get(servingEndpoints, { name, namespace }),
    (endpoint) =>
      endpoint.status?.observedGeneration === endpoint.metadata.generation &&
      endpoint.status?.pending === undefined &&
      conditionOf(endpoint, 'Ready')?.status === 'True',
  );
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export const irisColumns = ['sepal length (cm)', 'sepal width (cm)', 'petal length (cm)', 'petal width (cm)'];
export const oneFlower = JSON.stringify({
  dataframe_split: { columns: irisColumns, data: [[5.1, 3.5, 1.4, 0.2]] },
});

/** Sends one request to an endpoint; `token` null sends none. */
export async function query(
  name: string,
  options: { readonly body?: string | Uint8Array<ArrayBuffer>; readonly token?: string | null } = {},
): Promise<Answer> {
  const { gatewayUrl, token: ownToken } = clusterUnderTest();
  const token = options.token === undefined ? ownToken : options.token;
  const response = await fetch(`${gatewayUrl}/serving-endpoints/${name}/invocations`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
    body: options.body ?? oneFlower,
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}
