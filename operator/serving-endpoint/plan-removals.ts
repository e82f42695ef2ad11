/** Owns the decision which objects go, and when: what no config version needs and no traffic reaches. */
import * as kinds from '../../kube/kinds.ts';
import type { KubeObject, ResourceKind } from '../../kube/resource.ts';
import { controllerUid, isGoing } from '../ownership.ts';
import { directServiceName } from '../route-optimised/direct-names.ts';
import { hasToForgetZero, usesAutoscalers } from '../scaling/scaling-mode.ts';
import { revisionName } from './names.ts';
import type { Snapshot } from './observe.ts';

export interface Removal {
  readonly kind: ResourceKind;
  readonly name: string;
  readonly uid: string;
  readonly cause: string;
}

export interface RemovalsInput {
  readonly snapshot: Snapshot;
  /** Deployments that a live config version needs. */
  readonly live: ReadonlySet<string>;
  /** Deployments that requests are routed to. */
  readonly routed: ReadonlySet<string>;
  /** Deployments of the active config version. */
  readonly active: readonly string[];
  /** Config versions beyond the history limit. */
  readonly forgettable: readonly number[];
  /** How long gateways are given to follow a switch of the traffic. */
  readonly drainMs: number;
  readonly now: number;
}

export interface Removals {
  readonly now: readonly Removal[];
  /** When the rest is due. */
  readonly nextInMs: number | undefined;
}

/** Returns what is to be removed now, and when to look again. */
export function planRemovals(input: RemovalsInput): Removals {
  const { snapshot, live, routed, now } = input;
  const { status } = snapshot.endpoint;
  const stale = ownedObjects(snapshot).filter(({ name }) => !live.has(name) && !routed.has(name));
  const since = status?.active === undefined ? 0 : Date.parse(status.active.since);
  const waitMs = since + input.drainMs - now;
  const forgotten = forgottenRevisions(snapshot, input.forgettable);
  const idleAutoscalers = autoscalersToGo(input);
  if (stale.length === 0 || waitMs <= 0) {
    return { now: unique([...stale, ...idleAutoscalers, ...forgotten]), nextInMs: undefined };
  }
  return { now: [...idleAutoscalers, ...forgotten], nextInMs: waitMs };
}

/** An HPA acts on its own, so it goes as soon as its Deployment has no traffic, or the operator scales; the rest drains. */
function autoscalersToGo({ snapshot, routed, active }: RemovalsInput): Removal[] {
  const { scalingMode, autoscalers } = snapshot;
  const ours = ownedObjects(snapshot, [kinds.horizontalPodAutoscalers]);
  return ours.flatMap((removal) => {
    const { name } = removal;
    if (!usesAutoscalers(scalingMode) || (!routed.has(name) && !active.includes(name))) return [removal];
    const autoscaler = autoscalers.get(name);
    const isReplaced = autoscaler !== undefined && hasToForgetZero(scalingMode, autoscaler);
    return isReplaced ? [{ ...removal, cause: 'it went to zero itself, and is made anew without that' }] : [];
  });
}

const entityKinds: readonly ResourceKind[] = [
  kinds.horizontalPodAutoscalers,
  kinds.deployments,
  kinds.services,
  kinds.configMaps,
];

function ownedObjects(snapshot: Snapshot, of: readonly ResourceKind[] = entityKinds): Removal[] {
  const collections: readonly (readonly [ResourceKind, ReadonlyMap<string, KubeObject>])[] = [
    [kinds.horizontalPodAutoscalers, snapshot.autoscalers],
    [kinds.deployments, snapshot.deployments],
    [kinds.services, snapshot.services],
    [kinds.configMaps, snapshot.configMaps],
  ];
  return collections
    .filter(([kind]) => of.includes(kind))
    .flatMap(([kind, objects]) =>
      [...objects.values()]
        .filter((object) => !isOwnService(kind, object, snapshot))
        .filter((object) => controllerUid(object) === snapshot.identity.uid && !isGoing(object))
        .map((object) => removal(kind, object, 'no config version and no traffic needs it')),
    );
}

/** It belongs to no entity: `route-optimised/` looks after it. */
const isOwnService = (kind: ResourceKind, object: KubeObject, { identity }: Snapshot): boolean =>
  kind === kinds.services && object.metadata?.name === directServiceName(identity.name);

function forgottenRevisions(snapshot: Snapshot, forgettable: readonly number[]): Removal[] {
  const names = new Set(forgettable.map((version) => revisionName(snapshot.identity.name, version)));
  return snapshot.revisions
    .filter(({ metadata }) => names.has(metadata?.name ?? ''))
    .map((revision) => removal(kinds.controllerRevisions, revision, 'it is beyond the history limit'));
}

const removal = (kind: ResourceKind, object: KubeObject, cause: string): Removal => ({
  kind,
  name: object.metadata?.name ?? '',
  uid: object.metadata?.uid ?? '',
  cause,
});

const unique = (removals: readonly Removal[]): Removal[] => [
  ...new Map(removals.map((entry) => [entry.uid, entry])).values(),
];
