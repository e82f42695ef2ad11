/** Owns the pod of a served entity: sidecar, model fetcher, model server, under the overlays that may be laid over it. */
import { labels } from '../../../crds/schema/api.ts';
import type { PodTemplate } from '../../../kube/kinds.ts';
import { AppError } from '../../../platform/errors.ts';
import { gpusOf } from '../../config/workload-types.ts';
import { fillRuntime } from '../../serving-runtime/fill-runtime.ts';
import type { FilledRuntime } from '../../serving-runtime/fill-runtime.ts';
import { overlayTemplate } from '../../serving-runtime/overlay.ts';
import { deploymentLabels, sidecarSecretName } from '../names.ts';
import type { Blueprint } from './blueprint.ts';
import { checkTemplate } from './check-template.ts';
import { modelContainerName } from './containers.ts';
import { makeFetcher } from './make-fetcher.ts';
import { makeModelContainer } from './make-model-container.ts';
import { makeSidecarContainer, sidecarVolumes } from './make-sidecar-container.ts';
import { makeModelVolume } from './model-volume.ts';
import { progressVolume } from './progress-volume.ts';
import { drainMaxMs } from './request-limits.ts';

/**
 * Returns the pod template. Over our defaults is laid what the runtime says, over that what belongs to the workload
 * type, over that what the entity says; the labels by which Fairlead finds the pod are not up for change, and an entity
 * may tune the sidecar and the fetcher, but not replace them.
 *
 * @throws AppError `RUNTIME_PLACEHOLDER_UNKNOWN`, `TEMPLATE_REFUSED`.
 */
export function makePodTemplate(blueprint: Blueprint): PodTemplate {
  const { entity, endpoint, name, hardware, direct } = blueprint;
  const runtime = runtimeOf(blueprint);
  const before = [runtime.template, hardware.template].reduce(overlay, basePodTemplate(blueprint, runtime));
  const overlaid = overlay(before, entity.template);
  const problem = checkTemplate(before, overlaid);
  if (problem !== undefined) throw new AppError(templateRefused, problem);
  const fixedLabels = {
    ...deploymentLabels(endpoint.name, entity.name, name),
    ...(runtime.modelServer.metrics === undefined ? {} : { [labels.modelMetrics]: 'true' }),
    ...(direct === undefined ? {} : { [labels.routeOptimized]: 'true' }),
  };
  return {
    ...overlaid,
    metadata: { ...overlaid.metadata, labels: { ...overlaid.metadata?.labels, ...fixedLabels } },
  };
}

/** The template of an entity replaces what is Fairlead's own. */
export const templateRefused = 'TEMPLATE_REFUSED';

const overlay = (template: PodTemplate, over: Readonly<Record<string, unknown>> | undefined): PodTemplate =>
  over === undefined ? template : overlayTemplate({ ...template }, over);

/**
 * Returns the runtime as it is for this entity.
 *
 * @throws AppError `RUNTIME_PLACEHOLDER_UNKNOWN`.
 */
export function runtimeOf({ runtime, entity, endpoint, hardware }: Blueprint): FilledRuntime {
  return fillRuntime(runtime.spec, {
    version: entity.model.runtimeVersion,
    values: {
      'model.uri': entity.model.uri,
      'model.format': entity.model.format.name,
      'endpoint.name': endpoint.name,
      'entity.name': entity.name,
      'workload.gpus': String(gpusOf(hardware)),
    },
  });
}

function basePodTemplate(blueprint: Blueprint, runtime: FilledRuntime): PodTemplate {
  const { config, entity, endpoint, name, hardware } = blueprint;
  const model = makeModelVolume(entity.model.uri, runtime.modelDirectory);
  const fetcher = makeFetcher(blueprint, runtime, model);
  const hasFetcher = fetcher.length > 0;
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
      terminationGracePeriodSeconds:
        Math.ceil(drainMaxMs(blueprint) / 1000) + runtime.modelServer.shutdownSeconds,
      nodeSelector: hardware.nodeSelector,
      tolerations: hardware.tolerations,
      // The sidecar first, because it tells how far the fetch is.
      initContainers: [makeSidecarContainer(config, hasFetcher), ...fetcher],
      containers: [makeModelContainer(blueprint, runtime, model)],
      volumes: [
        model.volume,
        ...sidecarVolumes(name, sidecarSecretName(endpoint.name)),
        ...(hasFetcher ? [progressVolume] : []),
      ],
    },
  };
}
