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
  const { active, pending } = after;
  if (pending !== undefined && pending.configVersion !== before?.pending?.configVersion) {
    events.push(
      normal('ConfigVersionPending', 'Deploy', `config version ${pending.configVersion} is being brought up`),
    );
  }
  if (active !== undefined && active.configVersion !== before?.active?.configVersion) {
    events.push(
      normal('ConfigVersionActive', 'RouteTraffic', `config version ${active.configVersion} serves now`),
    );
  }
  for (const type of [conditionTypes.configUpdate, conditionTypes.ready]) {
    const failure = newFailure(type, before?.conditions ?? [], after.conditions ?? []);
    if (failure !== undefined) {
      events.push({ type: 'Warning', reason: failure.reason, action: type, note: failure.message });
    }
  }
  return events;
}

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
