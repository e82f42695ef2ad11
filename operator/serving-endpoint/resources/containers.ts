/** Owns the names of the containers of fetcher and server, and what the two have in common. */
import type { ServingRuntimeSpec } from '../../../crds/schema/serving-runtime.ts';
import type { ModelEntity } from './blueprint.ts';

export const fetcherName = 'fetch-model';
export const modelContainerName = 'model';

/** A model is code: it gets no privilege that it did not ask for. */
export const confined = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };

/** Returns the Secret of the model's credentials as environment, after what the container has by itself. */
export function credentialsOf(
  { credentials }: ModelEntity['model'],
  container: ServingRuntimeSpec['container'],
): { envFrom?: unknown[] } {
  if (credentials === undefined) return {};
  const given: unknown = container['envFrom'];
  const before = Array.isArray(given) ? (given as unknown[]) : [];
  return { envFrom: [...before, { secretRef: { name: credentials.secretRef.name } }] };
}
