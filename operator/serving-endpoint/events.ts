/** Owns which changes of a status are worth an Event. */
import { conditionTypes } from '../../crds/schema/condition.ts';
import type { Condition } from '../../crds/schema/condition.ts';
import { configUpdateReasons } from '../../crds/schema/reasons.ts';
import type { ServingEndpointStatus } from '../../crds/schema/serving-endpoint.ts';

export interface StatusEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly action: string;
  readonly note: string;
}

/** Returns the events of a change; to be recorded once the change is written. */
export function eventsOf(
  before: ServingEndpointStatus | undefined,
  after: ServingEndpointStatus,
): StatusEvent[] {
  return [
    ...suspensionEvents(before, after),
    ...versionEvents(before, after),
    ...wakeUpEvents(before, after),
    ...[conditionTypes.configUpdate, conditionTypes.ready].flatMap((type) => {
      const failure = newFailure(type, before?.conditions ?? [], after.conditions ?? []);
      return failure === undefined
        ? []
        : [{ type: 'Warning' as const, reason: failure.reason, action: type, note: failure.message }];
    }),
  ];
}

function versionEvents(
  before: ServingEndpointStatus | undefined,
  after: ServingEndpointStatus,
): StatusEvent[] {
  const events: StatusEvent[] = [];
  const dropped = droppedVersion(before, after);
  if (dropped !== undefined) events.push(dropped);
  const pending = newVersion(before?.pending, after.pending);
  if (pending !== undefined) {
    events.push(normal('ConfigVersionPending', 'Deploy', `config version ${pending} is being brought up`));
  }
  const active = newVersion(before?.active, after.active);
  if (active !== undefined) {
    events.push(normal('ConfigVersionActive', 'RouteTraffic', `config version ${active} serves now`));
  }
  return events;
}

/** A version that was being brought up ends as the active one, as one that was given up, or as none at all. */
function droppedVersion(
  before: ServingEndpointStatus | undefined,
  after: ServingEndpointStatus,
): StatusEvent | undefined {
  const version = before?.pending?.configVersion;
  const ends = [after.pending, after.active, after.failed].map((state) => state?.configVersion);
  if (version === undefined || after.suspended !== undefined || ends.includes(version)) return undefined;
  const { updateCanceled, cancelRefused } = configUpdateReasons;
  const isCancelled = after.conditions?.some(
    ({ reason }) => reason === updateCanceled || reason === cancelRefused,
  );
  return isCancelled === true
    ? normal('UpdateCanceled', 'Cancel', `config version ${version} was cancelled`)
    : normal('ConfigVersionSuperseded', 'Supersede', `config version ${version} is no longer asked for`);
}

function suspensionEvents(
  before: ServingEndpointStatus | undefined,
  after: ServingEndpointStatus,
): StatusEvent[] {
  if (before?.suspended === undefined && after.suspended !== undefined) {
    return [normal('Suspended', 'Stop', 'the endpoint is stopped')];
  }
  if (before?.suspended !== undefined && after.suspended === undefined) {
    return [normal('Resuming', 'Start', 'the endpoint is being started')];
  }
  const isBack = before?.active !== undefined && before.traffic === undefined && after.traffic !== undefined;
  return isBack ? [normal('Resumed', 'RouteTraffic', 'the endpoint serves again')] : [];
}

function wakeUpEvents(
  before: ServingEndpointStatus | undefined,
  after: ServingEndpointStatus,
): StatusEvent[] {
  return (after.servedEntities ?? []).flatMap(({ name, deployment, state, coldStart }) => {
    const was = before?.servedEntities?.find((row) => row.deployment === deployment);
    if (deployment === undefined || was?.state !== 'ScaledToZero' || state !== 'Ready') return [];
    const seconds = coldStart?.totalSeconds;
    const time = seconds === undefined ? '' : ` after ${Math.round(seconds)}s`;
    return [normal('Woken', 'Scale', `${name} answers again${time}`)];
  });
}

type Version = ServingEndpointStatus['active'];

const newVersion = (before: Version, after: Version): number | undefined =>
  after?.configVersion === before?.configVersion ? undefined : after?.configVersion;

const normal = (reason: string, action: string, note: string): StatusEvent => ({
  type: 'Normal',
  reason,
  action,
  note,
});

/** A failure is news when its reason is; that a first version is not ready yet is none. */
function newFailure(
  type: string,
  before: readonly Condition[],
  after: readonly Condition[],
): Condition | undefined {
  const now = after.find((condition) => condition.type === type);
  const then = before.find((condition) => condition.type === type);
  if (now?.status !== 'False' || now.reason === 'Deploying') return undefined;
  return then?.status === 'False' && then.reason === now.reason ? undefined : now;
}
