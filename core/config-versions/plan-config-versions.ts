/** Owns which config version serves, which one is being brought up, and which ones may be forgotten. */
import { sameConfig } from './endpoint-config.ts';
import type { ConfigVersion, EndpointConfig } from './endpoint-config.ts';

export interface ConfigVersionsInput {
  /** What the spec asks for now. */
  readonly wanted: EndpointConfig;
  /** Every config version that is kept. */
  readonly kept: readonly ConfigVersion[];
  /** As the status says. */
  readonly active: number | undefined;
  readonly pending: number | undefined;
  readonly historyLimit: number;
}

export interface ConfigVersionsPlan {
  /** The version that the spec asks for: the active one, or the one that is being brought up. */
  readonly target: ConfigVersion;
  /** Whether `target` must be recorded first. */
  readonly isNew: boolean;
  readonly active: ConfigVersion | undefined;
  /** A version that was being brought up and no longer is what the spec asks for. */
  readonly superseded: number | undefined;
  /** Versions beyond the history limit, oldest first. */
  readonly forgettable: readonly number[];
}

/**
 * Returns the versions that matter for `wanted`. A config is the same version only while it is the active or the
 * newest one: going back to an older one is a new version, because version numbers tell the order of events. Writing
 * the active config back drops what was pending.
 */
export function planConfigVersions(input: ConfigVersionsInput): ConfigVersionsPlan {
  const byVersion = new Map(input.kept.map((entry) => [entry.version, entry]));
  const active = input.active === undefined ? undefined : byVersion.get(input.active);
  const newest = [...byVersion.values()].reduce<ConfigVersion | undefined>(
    (best, entry) => (best === undefined || entry.version > best.version ? entry : best),
    undefined,
  );
  const candidates = [active, newest].filter((entry) => entry !== undefined);
  const existing = candidates.find((entry) => sameConfig(entry.config, input.wanted));
  const highest = Math.max(0, input.active ?? 0, input.pending ?? 0, ...byVersion.keys());
  const target = existing ?? { version: highest + 1, config: input.wanted };
  const superseded =
    input.pending === undefined || input.pending === target.version ? undefined : input.pending;
  return {
    target,
    isNew: existing === undefined,
    active,
    superseded,
    forgettable: forgettable(byVersion, [target.version, input.active], input.historyLimit),
  };
}

function forgettable(
  byVersion: ReadonlyMap<number, ConfigVersion>,
  live: readonly (number | undefined)[],
  historyLimit: number,
): number[] {
  const old = [...byVersion.keys()].filter((version) => !live.includes(version)).sort((a, b) => a - b);
  return old.slice(0, Math.max(0, old.length - historyLimit));
}

/** What is known of one entity of a version that is being brought up. */
export type Readiness = 'ready' | 'progressing' | 'failed';

/** Returns the readiness of a version: ready with all its entities, failed with any of them. */
export function versionReadiness(entities: readonly Readiness[]): Readiness {
  if (entities.includes('failed')) return 'failed';
  return entities.every((entity) => entity === 'ready') ? 'ready' : 'progressing';
}
