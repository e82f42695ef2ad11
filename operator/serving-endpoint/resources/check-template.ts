/** Owns what the template of an entity may change of what Fairlead itself puts into the pod: it is tuned, not replaced. */
import { canonicalJson } from '../../../core/config-versions/canonical-json.ts';
import { fetcherName, modelContainerName } from './containers.ts';
import { sidecarName, sidecarVolumeNames } from './make-sidecar-container.ts';

type JsonObject = Readonly<Record<string, unknown>>;

interface Template {
  readonly spec?: unknown;
}

/** Fields of our containers that a template may set. */
const settable: ReadonlySet<string> = new Set(['resources']);
/** Lists of our containers that a template may add to. */
const extensible: ReadonlySet<string> = new Set(['env', 'envFrom', 'volumeMounts']);

/**
 * Returns what is wrong with the template of an entity, with the remedy; `before` is the pod without it, `after` with it.
 * Whoever replaced the sidecar would serve without limits and without TLS, and whoever replaced the fetcher would get the
 * Secrets that a runtime gives to it. What a runtime or the operator's configuration changes is in `before`.
 */
export function checkTemplate(before: Template, after: Template): string | undefined {
  const problems = [
    ...entriesOf(before, 'initContainers')
      .filter(({ name }) => name === sidecarName || name === fetcherName)
      .flatMap((container) => containerProblems(container, entriesOf(after, 'initContainers'))),
    ...entriesOf(before, 'containers')
      .filter(({ name }) => name === modelContainerName && named(after, 'containers', name) === undefined)
      .map(() => `removes the container "${modelContainerName}"`),
    ...entriesOf(before, 'volumes').flatMap((volume) => volumeProblems(volume, after)),
  ];
  if (problems.length === 0) return undefined;
  return `the template ${problems.join(', and ')}; leave that to Fairlead: of the containers ${sidecarName} and ${fetcherName} a template may set resources, and add to env, envFrom and volumeMounts`;
}

function containerProblems(ours: JsonObject, all: readonly JsonObject[]): string[] {
  const name = String(ours['name']);
  const found = all.find((container) => container['name'] === name);
  if (found === undefined) return [`removes the container "${name}"`];
  const fields = [...new Set([...Object.keys(ours), ...Object.keys(found)])];
  const changed = fields.filter((field) => !mayBe(field, ours[field], found[field]));
  return changed.length === 0 ? [] : [`changes ${changed.join(', ')} of the container "${name}"`];
}

function mayBe(field: string, ours: unknown, found: unknown): boolean {
  if (settable.has(field) || same(ours, found)) return true;
  return (
    extensible.has(field) && isList(found) && (!isList(ours) || ours.every((entry) => has(found, entry)))
  );
}

function volumeProblems(volume: JsonObject, after: Template): string[] {
  const { name } = volume;
  if (!sidecarVolumeNames.some((own) => own === name)) return [];
  return same(named(after, 'volumes', name), volume) ? [] : [`changes the volume "${String(name)}"`];
}

const named = (template: Template, list: string, name: unknown): JsonObject | undefined =>
  entriesOf(template, list).find((entry) => entry['name'] === name);

/** A template may hold anything in the place of a list. */
function entriesOf({ spec }: Template, list: string): JsonObject[] {
  const entries: unknown = isObject(spec) ? spec[list] : undefined;
  return isList(entries) ? entries.filter(isObject) : [];
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !isList(value);
const has = (list: readonly unknown[], entry: unknown): boolean => list.some((other) => same(other, entry));
const same = (one: unknown, other: unknown): boolean => canonicalJson(one) === canonicalJson(other);
