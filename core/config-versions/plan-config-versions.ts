/** Owns which config version serves, which one is being brought up, and which ones may be forgotten. */
import { sameConfig } from './endpoint-config.ts';
import type { ConfigVersion, EndpointConfig } from './endpoint-config.ts';

/** A config version as its record tells it. */
export interface KeptVersion extends ConfigVersion {
  /** When it last became active, in milliseconds since the epoch; undefined: never. */
  readonly activeSince?: number | undefined;
}

export interface ConfigVersionsInput {
  /** What the spec asks for now. */
  readonly wanted: EndpointConfig;
  /** Every config version that is kept. */
  readonly kept: readonly KeptVersion[];
  /** As the status says. */
  readonly active: number | undefined;
  readonly pending: number | undefined;
  /** The version that was given up, unless it is to be tried again. */
  readonly failed: number | undefined;
  /** The version that somebody has asked not to be brought up. */
  readonly cancelled: number | undefined;
  readonly historyLimit: number;
}

export interface ConfigVersionsPlan {
  /** The version to be had: the active one, or the one that is being brought up. */
  readonly target: ConfigVersion;
  /** Whether `target` must be recorded first. */
  readonly isNew: boolean;
  readonly active: ConfigVersion | undefined;
  /** Whether the status has lost what was active, and the records told it. */
  readonly isRecovered: boolean;
  /** What the spec asks for, where that was given up or cancelled: the active version is the target then. */
  readonly givenUp: ConfigVersion | undefined;
  /** A version that was being brought up and no longer is to be had. */
  readonly superseded: number | undefined;
  /** The highest number that was ever given, as far as anything tells; 0: none. */
  readonly newest: number;
  /** Versions beyond the history limit, oldest first. */
  readonly forgettable: readonly number[];
}

/**
 * Returns the versions that matter for `wanted`. A config is the same version only while it is the active or the
 * newest one: going back to an older one is a new version, because version numbers tell the order of events. Writing
 * the active config back drops what was pending. A version that was given up is not tried again by itself, and one that
 * was cancelled is not brought up, as long as there is another one to go on with.
 */
export function planConfigVersions(input: ConfigVersionsInput): ConfigVersionsPlan {
  const byVersion = new Map(input.kept.map((entry) => [entry.version, entry]));
  const recovered = input.active === undefined ? lastActive(input.kept) : undefined;
  const activeNumber = input.active ?? recovered?.version;
  const active = activeNumber === undefined ? undefined : byVersion.get(activeNumber);
  const newestKept = lastBy([...byVersion.values()], ({ version }) => version);
  const existing = [active, newestKept].find(
    (entry) => entry !== undefined && sameConfig(entry.config, input.wanted),
  );
  const numbers = [activeNumber, input.pending, ...byVersion.keys()].filter((number) => number !== undefined);
  const newest = Math.max(0, ...numbers);
  const asked = existing ?? { version: newest + 1, config: input.wanted };
  const isOver = [input.failed, input.cancelled].includes(asked.version);
  const fallback = active !== existing && isOver ? active : undefined;
  const target = fallback ?? asked;
  return {
    target,
    isNew: !byVersion.has(target.version),
    active,
    isRecovered: recovered !== undefined,
    givenUp: fallback === undefined ? undefined : asked,
    superseded: input.pending === target.version ? undefined : input.pending,
    newest,
    // The newest record keeps its number from being given twice: a cancellation of it would be carried out again.
    forgettable: forgettable(
      byVersion,
      [asked.version, activeNumber, newestKept?.version],
      input.historyLimit,
    ),
  };
}

/** The status may be lost: a backup that was restored, an object that was written anew. The records are not. */
const lastActive = (kept: readonly KeptVersion[]): KeptVersion | undefined =>
  lastBy(
    kept.filter(({ activeSince }) => activeSince !== undefined),
    ({ activeSince = 0 }) => activeSince,
  );

/** Returns the entry with the greatest value; of several with the same, the one of the newer version. */
function lastBy(
  entries: readonly KeptVersion[],
  value: (entry: KeptVersion) => number,
): KeptVersion | undefined {
  return [...entries].sort((one, other) => value(other) - value(one) || other.version - one.version)[0];
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
