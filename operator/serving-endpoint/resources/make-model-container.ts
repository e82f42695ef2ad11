/** Owns the container of the model server. */
import type { Container } from '../../../kube/kinds.ts';
import type { FilledRuntime } from '../../serving-runtime/fill-runtime.ts';
import { overlayTemplate } from '../../serving-runtime/overlay.ts';
import type { Blueprint } from './blueprint.ts';
import { confined, credentialsOf, modelContainerName } from './containers.ts';
import { adminPort } from './make-sidecar-container.ts';
import type { ModelVolume } from './model-volume.ts';

/** Returns the container: the runtime's over our defaults, and over that the hardware and the environment of the entity. */
export function makeModelContainer(
  { config, entity, hardware }: Blueprint,
  { container, credentialsFor }: FilledRuntime,
  { serverMount }: ModelVolume,
): Container {
  const probe = (path: string): object => ({ httpGet: { path, port: adminPort } });
  const defaults = {
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: confined,
    volumeMounts: [serverMount],
    // The server listens on localhost alone, so the sidecar of the same pod is asked about it.
    startupProbe: {
      ...probe('/model/readyz'),
      periodSeconds: 1,
      timeoutSeconds: 5,
      failureThreshold: Math.max(1, Math.ceil(config.deadlines.modelLoad / 1000)),
    },
    livenessProbe: { ...probe('/model/livez'), periodSeconds: 10, timeoutSeconds: 10, failureThreshold: 6 },
    lifecycle: { preStop: probe('/wait-for-drain') },
  };
  const server = overlayTemplate(defaults, { ...container, name: modelContainerName });
  return overlayTemplate(server, {
    resources: hardware.resources,
    ...(entity.env === undefined ? {} : { env: entity.env }),
    ...(credentialsFor === 'container' ? credentialsOf(entity.model, container) : {}),
  }) as unknown as Container;
}
