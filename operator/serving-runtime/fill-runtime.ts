/** Owns a runtime as it is for one served entity: its placeholders filled in, the version of its image chosen. */
import type { ServingRuntimeSpec } from '../../crds/schema/serving-runtime.ts';
import type { ModelTask } from '../../crds/schema/protocol.ts';
import { AppError } from '../../platform/errors.ts';
import { fillPlaceholders } from './fill-placeholders.ts';
import type { PlaceholderValues } from './fill-placeholders.ts';
import { withVersion } from './image-version.ts';
import { literalText } from './literal-text.ts';

export type FilledRuntime = Pick<
  ServingRuntimeSpec,
  'container' | 'fetcher' | 'template' | 'modelServer' | 'modelDirectory'
> & { readonly credentialsFor: 'fetcher' | 'container' };

export interface RuntimeUse {
  readonly values: Omit<PlaceholderValues, 'model.dir' | 'server.port'>;
  /** Replaces the tag of the model server's image. */
  readonly version: string | undefined;
}

/**
 * Returns what the runtime says to this use of it.
 *
 * @throws AppError `RUNTIME_PLACEHOLDER_UNKNOWN`.
 */
export function fillRuntime(spec: ServingRuntimeSpec, { values, version }: RuntimeUse): FilledRuntime {
  const { container, fetcher, template, modelServer } = spec;
  const modelDirectory = fillPlaceholders(spec.modelDirectory, values);
  const all = { ...values, 'model.dir': modelDirectory, 'server.port': String(modelServer.port) };
  const filled = {
    ...fillPlaceholders({ container, fetcher }, inContainers(all)),
    ...fillPlaceholders({ template, modelServer }, all),
  };
  return {
    ...filled,
    modelDirectory,
    container:
      version === undefined
        ? filled.container
        : { ...filled.container, image: withVersion(filled.container.image, version) },
    credentialsFor: spec.credentials ?? (fetcher === undefined ? 'container' : 'fetcher'),
  };
}

const inContainers = (values: PlaceholderValues): PlaceholderValues => ({
  ...values,
  'model.uri': literalText(values['model.uri']),
  'model.format': literalText(values['model.format']),
});

/** Returns why no pod can be made of the runtime, whatever it is used for; undefined where one can. */
export function checkPlaceholders(spec: ServingRuntimeSpec): string | undefined {
  const values = {
    'model.uri': '',
    'model.format': '',
    'endpoint.name': '',
    'entity.name': '',
    'workload.gpus': '',
  };
  try {
    fillRuntime(spec, { values, version: undefined });
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}

const taskKeys = {
  'llm/v1/chat': 'chat',
  'llm/v1/completions': 'completions',
  'llm/v1/embeddings': 'embeddings',
} as const satisfies Record<ModelTask, keyof ServingRuntimeSpec['modelServer']['taskPaths']>;

/** Returns the path at which the server is asked; undefined where it does not do the task. */
export function pathFor(
  { invocationsPath, taskPaths }: ServingRuntimeSpec['modelServer'],
  task: ModelTask | undefined,
): string | undefined {
  return task === undefined ? invocationsPath : taskPaths[taskKeys[task]];
}
