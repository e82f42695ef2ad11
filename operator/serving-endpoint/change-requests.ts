/** Owns what people ask for by annotations on the endpoint: to cancel an update, and to try one again. */
import type { ConfigVersion } from '../../core/config-versions/endpoint-config.ts';
import type { ConfigVersionsPlan } from '../../core/config-versions/plan-config-versions.ts';
import { annotations } from '../../crds/schema/api.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';

type Annotations = Readonly<Record<string, string>> | undefined;

/** Returns the value of the annotation that asks for another try; any change of it is a new request. */
export const retryRequest = (noted: Annotations): string | undefined =>
  noted?.[annotations.retryUpdate]?.slice(0, 1024);

/** Returns the version that was given up, unless somebody has asked for another try since. */
export function failedVersion({ metadata, status }: ServingEndpoint): number | undefined {
  const { failed } = status ?? {};
  return failed?.retry === retryRequest(metadata.annotations) ? failed?.configVersion : undefined;
}

/** Returns the version that somebody has asked to cancel, whether there is one of that number or not. */
export function cancelledVersion(noted: Annotations): number | undefined {
  const word = noted?.[annotations.cancelUpdate];
  const version = Number(word);
  return word === String(version) ? version : undefined;
}

/**
 * Returns the active config where the spec's own is to be cancelled: it is brought up, or was given up, and somebody
 * has named it in the annotation. Without an active config there is nothing to go back to.
 */
export function cancelledBy(noted: Annotations, versions: ConfigVersionsPlan): ConfigVersion | undefined {
  const { active, target, givenUp } = versions;
  const asked = givenUp ?? target;
  return active !== undefined && asked.version !== active.version && isNamed(noted, asked.version)
    ? active
    : undefined;
}

/** Returns whether the newest version was cancelled: the annotation stays on the endpoint as the record of it. */
export function wasCancelled(noted: Annotations, { active, target, newest }: ConfigVersionsPlan): boolean {
  return active?.version === target.version && newest > target.version && isNamed(noted, newest);
}

const isNamed = (noted: Annotations, version: number): boolean => cancelledVersion(noted) === version;
