/** Owns the builder of Deployments of served entities for tests: each step returns a new builder. */
import { labels } from '../../crds/schema/api.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import type { Deployment } from '../../kube/kinds.ts';

export interface DeploymentBuilder {
  /** Puts it beside the endpoint, labelled and owned as the operator does. */
  servingFor(endpoint: ServingEndpoint, servedEntity: string): DeploymentBuilder;
  withReplicas(replicas: number): DeploymentBuilder;
  withReady(readyReplicas: number): DeploymentBuilder;
  build(): Deployment;
}

/**
 * @example
 * aDeployment('iris-0123456789').servingFor(endpoint, 'iris-1').withReplicas(2).withReady(1).build();
 */
export function aDeployment(name: string): DeploymentBuilder {
  const own = { [labels.deployment]: name };
  return builderOf({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default', uid: `uid-of-${name}`, generation: 1, labels: own },
    spec: {
      replicas: 1,
      selector: { matchLabels: own },
      template: { metadata: { labels: own }, spec: { containers: [] } },
    },
    status: { observedGeneration: 1, replicas: 0, readyReplicas: 0 },
  });
}

function builderOf(deployment: Deployment): DeploymentBuilder {
  const { metadata, spec, status } = deployment;
  return {
    servingFor: (endpoint, servedEntity) =>
      builderOf({
        ...deployment,
        metadata: {
          ...metadata,
          namespace: endpoint.metadata.namespace ?? 'default',
          labels: {
            ...metadata?.labels,
            [labels.endpoint]: endpoint.metadata.name,
            [labels.servedEntity]: servedEntity,
          },
          ownerReferences: [ownerReferenceTo(endpoint)],
        },
      }),
    withReplicas: (replicas) =>
      builderOf({
        ...deployment,
        ...(spec === undefined ? {} : { spec: { ...spec, replicas } }),
        status: { ...status, replicas },
      }),
    withReady: (readyReplicas) =>
      builderOf({ ...deployment, status: { ...status, readyReplicas, availableReplicas: readyReplicas } }),
    build: () => deployment,
  };
}

function ownerReferenceTo({ apiVersion, kind, metadata }: ServingEndpoint) {
  const { name, uid = '' } = metadata;
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}
