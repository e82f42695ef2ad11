/** Owns which changes of a status are worth an Event. */
import { conditionTypes } from '../../crds/schema/condition.ts';
import type { Condition } from '../../crds/schema/condition.ts';
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
  const events: StatusEvent[] = [];
  const pending = newVersion(before?.pending, after.pending);
  if (pending !== undefined) {
    events.push(normal('ConfigVersionPending', 'Deploy', `config version ${pending} is being brought up`));
  }
  const active = newVersion(before?.active, after.active);
  if (active !== undefined) {
    events.push(normal('ConfigVersionActive', 'RouteTraffic', `config version ${active} serves now`));
  }
  for (const type of [conditionTypes.configUpdate, conditionTypes.ready]) {
    const failure = newFailure(type, before?.conditions ?? [], after.conditions ?? []);
    if (failure !== undefined) {
      events.push({ type: 'Warning', reason: failure.reason, action: type, note: failure.message });
    }
  }
  return events;
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
