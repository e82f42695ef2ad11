/** Owns which runtime serves a model: the one that is named, or the best one that fits. */
import type * as z from 'zod';
import type { modelSchema } from '../../crds/schema/model-source.ts';
import { protocols } from '../../crds/schema/protocol.ts';
import { entityReasons } from '../../crds/schema/reasons.ts';
import type { EntityReason } from '../../crds/schema/reasons.ts';
import type { ServingRuntimeSpec } from '../../crds/schema/serving-runtime.ts';
import { pathFor } from './fill-runtime.ts';

type Model = z.output<typeof modelSchema>;
type SupportedFormat = ServingRuntimeSpec['supportedModelFormats'][number];

export interface RuntimeCandidate {
  readonly name: string;
  readonly scope: 'namespace' | 'cluster';
  readonly generation: number | undefined;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly spec: ServingRuntimeSpec;
}

/** What is asked of a runtime. */
export interface Wish {
  readonly model: Model;
  readonly workloadType: string;
}

export type RuntimeChoice =
  { readonly runtime: RuntimeCandidate } | { readonly reason: EntityReason; readonly message: string };

export const runtimeKindOf = ({ scope }: Pick<RuntimeCandidate, 'scope'>) =>
  scope === 'namespace' ? 'ServingRuntime' : 'ClusterServingRuntime';

/** Returns how a Deployment records the runtime that it was made with. */
export const runtimeKey = (runtime: Pick<RuntimeCandidate, 'scope' | 'name'>): string =>
  `${runtimeKindOf(runtime)}/${runtime.name}`;

/**
 * Returns the runtime for a model. Runtimes of the namespace come before those of the cluster; then, as in KServe, the
 * greatest priority for the format, the first protocol, the newest, the first name. Other than in KServe, a user who
 * names no protocol gets any (there: v1), so that a format that is only served in one protocol needs no second word.
 * `recorded`, the runtime that an existing Deployment was made with, stays chosen while it fits, so that a new runtime in
 * the cluster restarts nobody.
 */
export function selectRuntime(
  candidates: readonly RuntimeCandidate[],
  wish: Wish,
  recorded?: string,
): RuntimeChoice {
  const { model } = wish;
  if (model.runtime !== undefined) return named(candidates, wish, model.runtime);
  const fitting = candidates
    .filter(({ spec }) => misfitOf(spec, wish) === undefined && autoSelected(spec, model).length > 0)
    .sort((left, right) => compare(left, right, model));
  const kept = fitting.find((runtime) => runtimeKey(runtime) === recorded);
  const chosen = kept ?? fitting[0];
  if (chosen !== undefined) return { runtime: chosen };
  return { reason: entityReasons.noRuntimeForFormat, message: explainNone(candidates, wish) };
}

function named(candidates: readonly RuntimeCandidate[], wish: Wish, name: string): RuntimeChoice {
  const found = candidates.filter((runtime) => runtime.name === name).sort((a, b) => rank(a) - rank(b))[0];
  const problem =
    found === undefined
      ? `there is no ServingRuntime (in this namespace) or ClusterServingRuntime "${name}"; create it, or leave model.runtime out`
      : misfitOf(found.spec, wish, `the runtime "${name}"`);
  if (found === undefined || problem !== undefined) {
    return { reason: entityReasons.runtimeUnsuitable, message: problem ?? '' };
  }
  return { runtime: found };
}

/** Returns why the runtime cannot serve the model, with the remedy; undefined when it can. */
function misfitOf(spec: ServingRuntimeSpec, wish: Wish, it = 'it'): string | undefined {
  const { model, workloadType } = wish;
  const { protocol, task } = model;
  if (spec.disabled) return `${it} is disabled; enable it, or name another one in model.runtime`;
  if (supportedFormats(spec, model).length === 0) {
    return `${it} does not serve the format ${formatText(model)}; correct model.format or model.runtime`;
  }
  if (protocol !== undefined && spec.protocol !== protocol) {
    return `${it} speaks the protocol ${spec.protocol} and not ${protocol}; correct model.protocol or model.runtime`;
  }
  if (pathFor(spec.modelServer, task) === undefined) {
    return `${it} has no path for the task ${task ?? ''}; give it one in modelServer.taskPaths, or correct model.task or model.runtime`;
  }
  if (spec.workloadTypes?.includes(workloadType) === false) {
    return `${it} does not run on the workload type ${workloadType}; set workload.type to one of ${spec.workloadTypes.join(', ')}, or correct model.runtime`;
  }
  return undefined;
}

/** Returns the message for a model that no runtime fits; those that come close say what is missing. */
function explainNone(candidates: readonly RuntimeCandidate[], wish: Wish): string {
  const { model } = wish;
  const close = candidates
    .filter(({ spec }) => !spec.disabled && supportedFormats(spec, model).length > 0)
    .map((runtime) => {
      const misfit = misfitOf(runtime.spec, wish) ?? 'it is only used when model.runtime names it';
      return `${runtimeKindOf(runtime)} "${runtime.name}": ${misfit}`;
    });
  if (close.length > 0) return `no runtime fits; ${close.join('; ')}`;
  return `no ServingRuntime or ClusterServingRuntime serves the format ${formatText(model)}; create one, or name one in model.runtime`;
}

function compare(left: RuntimeCandidate, right: RuntimeCandidate, model: Model): number {
  return (
    rank(left) - rank(right) ||
    priorityOf(right.spec, model) - priorityOf(left.spec, model) ||
    protocols.indexOf(left.spec.protocol) - protocols.indexOf(right.spec.protocol) ||
    Date.parse(right.createdAt) - Date.parse(left.createdAt) ||
    (left.name < right.name ? -1 : 1)
  );
}

const rank = (runtime: RuntimeCandidate): number => (runtime.scope === 'namespace' ? 0 : 1);

const priorityOf = (spec: ServingRuntimeSpec, model: Model): number =>
  Math.max(...autoSelected(spec, model).map(({ priority }) => priority));

const autoSelected = (spec: ServingRuntimeSpec, model: Model): SupportedFormat[] =>
  supportedFormats(spec, model).filter(({ autoSelect }) => autoSelect);

function supportedFormats(spec: ServingRuntimeSpec, model: Model): SupportedFormat[] {
  const { name, version } = model.format;
  return spec.supportedModelFormats.filter(
    (format) =>
      format.name === name &&
      (version === undefined || format.version === undefined || format.version === version),
  );
}

const formatText = ({ format }: Model): string =>
  format.version === undefined ? `"${format.name}"` : `"${format.name}" version ${format.version}`;
