/** Owns applying manifests of any kind, as `kubectl apply --server-side` does: which path a kind has, the cluster says. */
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeClient } from '../../kube/client.ts';
import { isNotFound } from '../../kube/api-error.ts';
import { customResourceDefinitions } from '../../kube/kinds.ts';
import { makeKind } from '../../kube/resource.ts';
import type { KubeObject, ResourceKind } from '../../kube/resource.ts';
import { AppError } from '../../platform/errors.ts';

const fieldManager = 'fairlead-quickstart';

interface DiscoveredResource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/**
 * Applies `objects` in their order and returns when the cluster has them all; a CustomResourceDefinition counts as
 * there once its kind is served.
 *
 * @throws ApiError as the cluster answers; AppError `KIND_UNKNOWN` for a kind that the cluster does not serve.
 */
export async function applyManifests(client: KubeClient, objects: readonly KubeObject[]): Promise<void> {
  const kinds = new Map<string, Promise<ResourceKind>>();
  for (const object of objects) {
    const key = `${object.apiVersion ?? ''} ${object.kind ?? ''}`;
    const known = kinds.get(key) ?? discoverKind(client, object);
    kinds.set(key, known);
    const kind = await known;
    await client.apply(kind, kind.namespaced ? inNamespace(object) : object, { fieldManager });
  }
  const crds = objects.filter((object) => object.kind === 'CustomResourceDefinition');
  await Promise.all(crds.map((crd) => waitEstablished(client, crd.metadata?.name ?? '')));
}

async function discoverKind(client: KubeClient, object: KubeObject): Promise<ResourceKind> {
  const { apiVersion = '', kind = '' } = object;
  const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  try {
    const list = await client.transport.request<{ resources: DiscoveredResource[] }>({ method: 'GET', path });
    const found = list.resources.find((resource) => resource.kind === kind && !resource.name.includes('/'));
    if (found !== undefined) {
      return makeKind(apiVersion, kind, found.name, found.namespaced ? 'namespaced' : 'cluster');
    }
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  throw new AppError('KIND_UNKNOWN', `the cluster does not serve ${kind} of ${apiVersion}`);
}

function inNamespace(object: KubeObject): KubeObject {
  const namespace = object.metadata?.namespace ?? 'default';
  return { ...object, metadata: { ...object.metadata, namespace } };
}

async function waitEstablished(client: KubeClient, name: string): Promise<void> {
  const deadline = performance.now() + 15_000;
  for (;;) {
    const crd = await client.get(customResourceDefinitions, { name });
    if (crd.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True'))
      return;
    if (performance.now() > deadline) {
      throw new AppError(
        'CRD_NOT_ESTABLISHED',
        `the cluster does not accept the CustomResourceDefinition ${name}`,
      );
    }
    await delay(50);
  }
}
