/** Owns the init container that brings the model into the pod. */
import type { ServingRuntimeSpec } from '../../../crds/schema/serving-runtime.ts';
import type { Container } from '../../../kube/kinds.ts';
import type { FilledRuntime } from '../../serving-runtime/fill-runtime.ts';
import { overlayTemplate } from '../../serving-runtime/overlay.ts';
import type { Blueprint, ModelEntity } from './blueprint.ts';
import { confined, credentialsOf, fetcherName } from './containers.ts';
import type { ModelVolume } from './model-volume.ts';

/** Returns the fetcher; none where the runtime has none, or the model is there already. */
export function makeFetcher(
  blueprint: Blueprint,
  runtime: FilledRuntime,
  { fetcherMount }: ModelVolume,
): Container[] {
  const { config, entity } = blueprint;
  const { fetcher, modelDirectory, credentialsFor } = runtime;
  if (fetcher === undefined || fetcherMount === undefined) return [];
  const base = {
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: confined,
    env: [
      ...variable('MLFLOW_TRACKING_URI', config.mlflowTrackingUri),
      ...variable('MLFLOW_REGISTRY_URI', config.mlflowRegistryUri),
    ],
    volumeMounts: [fetcherMount],
  };
  const container = {
    ...overlayTemplate(base, fetcher),
    name: fetcherName,
    args: [...argsOf(fetcher), ...whatToFetch(entity.model, modelDirectory)],
    ...(credentialsFor === 'fetcher' ? credentialsOf(entity.model, fetcher) : {}),
  };
  return [container as unknown as Container];
}

/** What every fetcher is told; a pattern in one word with its flag, because it may begin with a dash. */
function whatToFetch({ uri, format, files }: ModelEntity['model'], modelDirectory: string): string[] {
  return [
    ...['--source', uri, '--destination', modelDirectory, '--format', format.name],
    ...(files?.include ?? []).map((pattern) => `--include=${pattern}`),
    ...(files?.exclude ?? []).map((pattern) => `--exclude=${pattern}`),
  ];
}

function argsOf(container: ServingRuntimeSpec['container']): readonly unknown[] {
  const args: unknown = container['args'];
  return Array.isArray(args) ? (args as unknown[]) : [];
}

const variable = (name: string, value: string | undefined): { name: string; value: string }[] =>
  value === undefined ? [] : [{ name, value }];
