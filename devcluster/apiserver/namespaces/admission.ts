/** Owns what spans kinds when an object is created: its namespace must live, a pod has a ServiceAccount and room. */
import { ApiError, badRequest, notFound } from '../errors/api-error.ts';
import type { JsonObject, KubeObject } from '../objects/kube-object.ts';
import { objectAt } from '../objects/kube-object.ts';
import { admitPod } from '../quota/admission.ts';
import type { Admission } from '../pipeline/request-context.ts';
import type { ResourceType } from '../resources/resource-type.ts';
import { qualifiedName } from '../errors/api-error.ts';
import type { ObjectStore } from '../storage/object-store.ts';

const namespaceResource = { group: '', plural: 'namespaces' };

export function makeAdmission(store: ObjectStore, now: () => number): Admission {
  return {
    onCreate: (type, draft) => {
      if (!type.namespaced) return;
      admitNamespace(store, type, draft);
      if (type.storage === 'pods') admitServiceAccount(store, draft);
    },
    beforeStored: (type, object) => {
      if (type.storage === 'pods') admitPod(store, object, now());
    },
  };
}

function admitNamespace(store: ObjectStore, type: ResourceType, draft: KubeObject): void {
  const name = draft.metadata.namespace ?? '';
  if (name === '') throw badRequest('an empty namespace may not be set during creation');
  const namespace = store.get('namespaces', undefined, name);
  if (namespace === undefined) throw notFound(namespaceResource, name);
  if (namespace.metadata.deletionTimestamp === undefined) return;
  const message = `${qualifiedName(type)} "${draft.metadata.name}" is forbidden: unable to create new content in namespace ${name} because it is being terminated`;
  throw new ApiError(403, 'Forbidden', message, {
    name: draft.metadata.name,
    group: type.group,
    kind: type.plural,
    causes: [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${name} is being terminated`,
        field: 'metadata.namespace',
      },
    ],
  });
}

function admitServiceAccount(store: ObjectStore, draft: KubeObject): void {
  const spec = objectAt(draft, 'spec');
  if ((spec['serviceAccountName'] ?? '') === '') spec['serviceAccountName'] = 'default';
  spec['serviceAccount'] = spec['serviceAccountName'];
  const account = String(spec['serviceAccountName']);
  const { namespace = '', name } = draft.metadata;
  if (store.get('serviceaccounts', namespace, account) !== undefined) return;
  const message = `pods "${name}" is forbidden: error looking up service account ${namespace}/${account}: serviceaccounts "${account}" not found`;
  throw new ApiError(403, 'Forbidden', message, { name, group: '', kind: 'pods' });
}

/** Returns the objects that every namespace has from its beginning. */
export function makeNamespaceContent(name: string, caPem: string): (JsonObject & { kind: string })[] {
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: name } },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'kube-root-ca.crt', namespace: name },
      data: { 'ca.crt': caPem },
    },
  ];
}
