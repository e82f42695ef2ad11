/** Owns the init container that brings the model into the pod. */
import type { ServingRuntimeSpec } from '../../../crds/schema/serving-runtime.ts';
import type { Container } from '../../../kube/kinds.ts';
import type { FilledRuntime } from '../../serving-runtime/fill-runtime.ts';
import { literalText } from '../../serving-runtime/literal-text.ts';
import { overlayTemplate } from '../../serving-runtime/overlay.ts';
import type { Blueprint, ModelEntity } from './blueprint.ts';
import { confined, credentialsOf, fetcherName } from './containers.ts';
import type { ModelVolume } from './model-volume.ts';
import { progressOfFetcher } from './progress-volume.ts';

/** Returns the fetcher; none where the runtime has none, or the model is there already. */
export function makeFetcher(
  blueprint: Blueprint,
  runtime: FilledRuntime,
  { fetcherMount }: ModelVolume,
): Container[] {
  const { config, entity, hardware } = blueprint;
  const { fetcher, modelDirectory, credentialsFor } = runtime;
  const { requests, limits } = hardware.resources;
  if (fetcher === undefined || fetcherMount === undefined) return [];
  const base = {
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: confined,
    // Not by MLflow's own names: `env` wins over `envFrom`, and the Secret of the model may name another server.
    env: [
      ...variable('FAIRLEAD_MLFLOW_TRACKING_URI', config.mlflowTrackingUri),
      ...variable('FAIRLEAD_MLFLOW_REGISTRY_URI', config.mlflowRegistryUri),
      ...progressOfFetcher.env,
    ],
    volumeMounts: [fetcherMount, progressOfFetcher.mount],
    resources: { requests: ofTheNode(requests), limits: ofTheNode(limits) },
  };
  const container = {
    ...overlayTemplate(base, fetcher),
    name: fetcherName,
    args: [...argsOf(fetcher), ...whatToFetch(entity.model, modelDirectory)],
    ...(credentialsFor === 'fetcher' ? credentialsOf(entity.model, fetcher) : {}),
  };
  return [container as unknown as Container];
}

/**
 * What every fetcher is told. Whatever else one wants to know its runtime passes by placeholders, so that a fetcher of
 * somebody else need not know the flags of ours. A pattern is one word with its flag, because it may begin with a dash.
 */
function whatToFetch({ uri, files }: ModelEntity['model'], modelDirectory: string): string[] {
  const given = [
    ...['--source', uri, '--destination', modelDirectory],
    ...(files?.include ?? []).map((pattern) => `--include=${pattern}`),
    ...(files?.exclude ?? []).map((pattern) => `--exclude=${pattern}`),
  ];
  return given.map(literalText);
}

/**
 * Returns the resources that are no devices. A pod asks for the greater of what fetcher and server need, so giving the
 * fetcher the server's costs nothing, and a namespace whose quota wants limits of every container takes the pod.
 */
const ofTheNode = (resources: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(resources).filter(([name]) => !name.includes('/')));

function argsOf(container: ServingRuntimeSpec['container']): readonly unknown[] {
  const args: unknown = container['args'];
  return Array.isArray(args) ? (args as unknown[]) : [];
}

const variable = (name: string, value: string | undefined): { name: string; value: string }[] =>
  value === undefined ? [] : [{ name, value }];
