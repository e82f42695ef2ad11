/** Owns the proof that an operator may be killed at any write of an update: the next one ends where that one would have. */
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { annotations, labels } from '../../crds/schema/api.ts';
import {
  configMaps,
  controllerRevisions,
  horizontalPodAutoscalers,
  leases,
  services,
} from '../../kube/kinds.ts';
import type { ResourceKind } from '../../kube/resource.ts';
import { anEndpoint } from '../support/an-endpoint.ts';
import { kstatusOf } from '../support/kstatus.ts';
import type { SeenRequest } from './harness/fault-proxy.ts';
import { deploymentsOf, startObligingNodes } from './harness/nodes.ts';
import { until } from './harness/until.ts';
import { startWorld, systemNamespace } from './harness/world.ts';
import type { RunningOperator, World } from './harness/world.ts';

const name = 'phoenix';
let world: World;
let nodes: { stop(): Promise<void> };
let operator: RunningOperator;
let version = 0;

const restart = async (): Promise<void> => {
  // Whoever is killed cannot hand its lease over; that it runs out after 15 seconds is not what is proven here.
  await world.client.delete(leases, { name: 'fairlead-operator', namespace: systemNamespace });
  operator = await world.startOperator();
};

/** Asks for the next version of the model, which has the same number as the config version. */
const update = async (): Promise<void> => {
  version += 1;
  await world.apply(anEndpoint(name).servingModel(`models:/iris/${version}`).manifest());
};

const namesOf = async (kind: ResourceKind): Promise<string[]> => {
  const labelSelector = `${labels.endpoint}=${name}`;
  const { items } = await world.client.list(kind, { namespace: 'default', labelSelector });
  return items.map(({ metadata }) => metadata?.name ?? '');
};

/** What there is of the endpoint; each update ends in one and the same, whatever happened on the way. */
async function stateNow() {
  const endpoint = await world.endpoint(name);
  const { active, pending, failed, traffic } = endpoint.status ?? {};
  const all = await deploymentsOf(world.client, name);
  const only = all[0]?.metadata?.name;
  const others = await Promise.all([services, configMaps, horizontalPodAutoscalers].map(namesOf));
  return {
    kstatus: kstatusOf(endpoint),
    active: active?.configVersion,
    unfinished: pending ?? failed,
    traffic: traffic?.map(({ deployment, configVersion }) => [deployment === only, configVersion]),
    serves: all.map(({ spec }) => /models:\/iris\/\d+/.exec(JSON.stringify(spec?.template))?.[0]),
    hasItsObjects: others.every((names) => names.length === 1 && names[0] === only),
    isMarked: (await markOf(version)) === active?.since,
  };
}

const untilSettled = () =>
  until(`version ${version} serves alone`, async () => {
    const ended = {
      kstatus: 'Current',
      active: version,
      unfinished: undefined,
      traffic: [[true, version]],
      serves: [`models:/iris/${version}`],
      hasItsObjects: true,
      isMarked: true,
    };
    return isDeepStrictEqual(await stateNow(), ended);
  });

/** Since when the record of a version calls it active. */
async function markOf(configVersion: number): Promise<string | undefined> {
  const ref = { name: `${name}-config-${configVersion}`, namespace: 'default' };
  const record = await world.client.find(controllerRevisions, ref);
  return record?.metadata?.annotations?.[annotations.activeSince];
}

/** What an update writes; events, leases and reviews are not steps of it. */
const isStep = ({ method, path }: SeenRequest): boolean =>
  method !== 'GET' && path.includes('/namespaces/default/') && !path.includes('/events');

beforeAll(async () => {
  world = await startWorld();
  nodes = startObligingNodes(world.client);
  operator = await world.startOperator();
  await update();
  await untilSettled();
});
afterAll(async () => {
  await nodes.stop();
  await world.stop();
});

describe('an operator that is killed', () => {
  it.each(['before', 'after'] as const)(
    '%s any write of an update leaves nothing that the next one does not end',
    async (moment) => {
      for (let step = 1, wasReached = true; wasReached; step += 1) {
        let seen = 0;
        const death = world.proxy.killAt((request) => isStep(request) && ++seen === step, moment);
        await update();
        await until(`write ${step}, or the end`, async () => {
          const all = await deploymentsOf(world.client, name);
          return death.done || (all.length === 1 && (await markOf(version)) !== undefined);
        });
        wasReached = death.done;
        // An operator that has nothing left to write lives on, and the next step would be none of an update.
        if (wasReached) await operator.stop();
        world.proxy.revive();
        if (wasReached) await restart();
        await untilSettled();
        if (!wasReached) expect(step).toBeGreaterThan(10);
      }
    },
    180_000,
  );
});
