/** Owns which runtime serves a model: the one that is named, or the best one that supports the format. */
import type * as z from 'zod';
import type { modelSchema } from '../../crds/schema/model-source.ts';
import { entityReasons } from '../../crds/schema/reasons.ts';
import type { EntityReason } from '../../crds/schema/reasons.ts';
import type { ServingRuntimeSpec } from '../../crds/schema/serving-runtime.ts';

type Model = z.output<typeof modelSchema>;
type SupportedFormat = ServingRuntimeSpec['supportedModelFormats'][number];

export interface RuntimeCandidate {
  readonly name: string;
  readonly scope: 'namespace' | 'cluster';
  readonly spec: ServingRuntimeSpec;
}

export type RuntimeChoice =
  | { readonly runtime: RuntimeCandidate }
  | {
      readonly reason: EntityReason;
      readonly message: string;
    };

/**
 * Returns the runtime for a model. Runtimes of the namespace win over those of the cluster (KServe's order); within a
 * scope the greater priority wins, then the name. `recorded`, the runtime that an existing Deployment was made with,
 * stays chosen while it fits, so that a new runtime in the cluster restarts nobody.
 */
export function selectRuntime(
  candidates: readonly RuntimeCandidate[],
  model: Model,
  recorded?: string,
): RuntimeChoice {
  if (model.runtime !== undefined) return named(candidates, model, model.runtime);
  const fitting = candidates
    .filter(({ spec }) => !spec.disabled)
    .flatMap((runtime) => {
      const format = supportedFormat(runtime.spec, model);
      return format?.autoSelect === true ? [{ runtime, priority: format.priority }] : [];
    })
    .sort(
      (left, right) =>
        rank(left.runtime) - rank(right.runtime) ||
        right.priority - left.priority ||
        left.runtime.name.localeCompare(right.runtime.name),
    );
  const kept = fitting.find(({ runtime }) => runtime.name === recorded);
  const chosen = kept ?? fitting[0];
  if (chosen !== undefined) return { runtime: chosen.runtime };
  return {
    reason: entityReasons.noRuntimeForFormat,
    message: `no ServingRuntime or ClusterServingRuntime serves the format ${formatText(model)}; create one, or name one in model.runtime`,
  };
}

function named(candidates: readonly RuntimeCandidate[], model: Model, name: string): RuntimeChoice {
  const found = candidates.filter((runtime) => runtime.name === name).sort((a, b) => rank(a) - rank(b))[0];
  if (found === undefined) {
    return {
      reason: entityReasons.runtimeUnsuitable,
      message: `there is no ServingRuntime (in this namespace) or ClusterServingRuntime "${name}"; create it, or leave model.runtime out`,
    };
  }
  if (found.spec.disabled) {
    return {
      reason: entityReasons.runtimeUnsuitable,
      message: `the runtime "${name}" is disabled; enable it, or name another one in model.runtime`,
    };
  }
  if (supportedFormat(found.spec, model) === undefined) {
    return {
      reason: entityReasons.runtimeUnsuitable,
      message: `the runtime "${name}" does not serve the format ${formatText(model)}; correct model.format or model.runtime`,
    };
  }
  return { runtime: found };
}

function supportedFormat(spec: ServingRuntimeSpec, model: Model): SupportedFormat | undefined {
  const { name, version } = model.format;
  return spec.supportedModelFormats.find(
    (format) =>
      format.name === name &&
      (version === undefined || format.version === undefined || format.version === version),
  );
}

const rank = (runtime: RuntimeCandidate): number => (runtime.scope === 'namespace' ? 0 : 1);

const formatText = ({ format }: Model): string =>
  format.version === undefined ? `"${format.name}"` : `"${format.name}" version ${format.version}`;
