/** Owns the pod of a served entity: model fetcher, sidecar, model server, under the overlays of runtime and entity. */
import { labels } from '../../../crds/schema/api.ts';
import type { Container, PodTemplate } from '../../../kube/kinds.ts';
import { fillPlaceholders } from '../../serving-runtime/fill-placeholders.ts';
import { overlayTemplate } from '../../serving-runtime/overlay.ts';
import { deploymentLabels, sidecarSecretName } from '../names.ts';
import type { Blueprint } from './blueprint.ts';
import { adminPort, makeSidecarContainer, sidecarVolumes } from './make-sidecar-container.ts';

/** Where model servers find the model. */
const modelDirectory = '/mnt/models';
export const fetcherName = 'fetch-model';
export const modelContainerName = 'model';

const confined = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };

/**
 * Returns the pod template. What the runtime says is laid over our defaults, what the entity says over that; the labels
 * by which Fairlead finds the pod are not up for change.
 *
 * @throws AppError `RUNTIME_PLACEHOLDER_UNKNOWN`.
 */
export function makePodTemplate(blueprint: Blueprint): PodTemplate {
  const { runtime, entity, endpoint, name } = blueprint;
  const spec = fillPlaceholders(
    { container: runtime.spec.container, fetcher: runtime.spec.fetcher, template: runtime.spec.template },
    {
      'model.uri': entity.model.uri,
      'model.dir': modelDirectory,
      'server.port': String(runtime.spec.modelServer.port),
      'endpoint.name': endpoint.name,
    },
  );
  const base = basePodTemplate(blueprint, spec.container, spec.fetcher);
  const overlaid = [spec.template, entity.template].reduce<Readonly<Record<string, unknown>>>(
    (template, overlay) => (overlay === undefined ? template : overlayTemplate(template, overlay)),
    { ...base },
  ) as PodTemplate;
  const fixedLabels = deploymentLabels(endpoint.name, entity.name, name);
  return {
    ...overlaid,
    metadata: { ...overlaid.metadata, labels: { ...overlaid.metadata?.labels, ...fixedLabels } },
  };
}

type RuntimeContainer = Readonly<Record<string, unknown>>;

function basePodTemplate(
  blueprint: Blueprint,
  container: RuntimeContainer,
  fetcher: RuntimeContainer | undefined,
): PodTemplate {
  const { config, entity, endpoint, name } = blueprint;
  const hardware = config.workloadTypes[entity.workload.type];
  const { drainMax } = config.sidecar;
  return {
    metadata: {
      labels: { [labels.deployment]: name },
      annotations: { 'kubectl.kubernetes.io/default-container': modelContainerName },
    },
    spec: {
      // Neither the model server nor the sidecar speaks to the Kubernetes API.
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      // The sidecar drains first; the rest is for the model server to end by itself.
      terminationGracePeriodSeconds: Math.ceil(drainMax / 1000) + 30,
      nodeSelector: hardware.nodeSelector,
      tolerations: hardware.tolerations,
      initContainers: [
        ...(fetcher === undefined ? [] : [makeFetcher(blueprint, fetcher)]),
        makeSidecarContainer(config),
      ],
      containers: [makeModelContainer(blueprint, container)],
      volumes: [{ name: 'model', emptyDir: {} }, ...sidecarVolumes(name, sidecarSecretName(endpoint.name))],
    },
  };
}

function makeFetcher(blueprint: Blueprint, fetcher: RuntimeContainer): Container {
  const { config, entity } = blueprint;
  const { credentials, uri } = entity.model;
  const env = [
    ...variable('MLFLOW_TRACKING_URI', config.mlflowTrackingUri),
    ...variable('MLFLOW_REGISTRY_URI', config.mlflowRegistryUri),
  ];
  const given: unknown = fetcher['args'];
  return overlayTemplate(
    {
      terminationMessagePolicy: 'FallbackToLogsOnError',
      securityContext: confined,
      env,
      volumeMounts: [{ name: 'model', mountPath: modelDirectory }],
    },
    {
      ...fetcher,
      name: fetcherName,
      args: [
        ...(Array.isArray(given) ? (given as unknown[]) : []),
        '--source',
        uri,
        '--destination',
        modelDirectory,
      ],
      ...(credentials === undefined
        ? {}
        : { envFrom: [{ secretRef: { name: credentials.secretRef.name } }] }),
    },
  ) as unknown as Container;
}

const variable = (name: string, value: string | undefined): { name: string; value: string }[] =>
  value === undefined ? [] : [{ name, value }];

function makeModelContainer(blueprint: Blueprint, container: RuntimeContainer): Container {
  const { config, entity } = blueprint;
  const probe = (path: string): object => ({ httpGet: { path, port: adminPort } });
  const base = overlayTemplate(
    {
      terminationMessagePolicy: 'FallbackToLogsOnError',
      securityContext: confined,
      volumeMounts: [{ name: 'model', mountPath: modelDirectory, readOnly: true }],
      // The server listens on localhost alone, so the sidecar of the same pod is asked about it.
      startupProbe: {
        ...probe('/model/readyz'),
        periodSeconds: 1,
        timeoutSeconds: 5,
        failureThreshold: Math.max(1, Math.ceil(config.deadlines.modelLoad / 1000)),
      },
      livenessProbe: { ...probe('/model/livez'), periodSeconds: 10, timeoutSeconds: 10, failureThreshold: 6 },
      lifecycle: { preStop: probe('/wait-for-drain') },
    },
    { ...container, name: modelContainerName },
  );
  const hardware = config.workloadTypes[entity.workload.type];
  return overlayTemplate(base, {
    resources: hardware.resources,
    ...(entity.env === undefined ? {} : { env: entity.env }),
  }) as unknown as Container;
}
