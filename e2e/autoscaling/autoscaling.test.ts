/** Owns the journeys of scale: one to four under load and back, to zero and back, with the operator killed on each way. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labels } from '../../crds/schema/api.ts';
import type { KubeClient } from '../../kube/client.ts';
import { deployments, servingEndpoints } from '../../kube/kinds.ts';
import { kubeClient } from '../harness/cluster-under-test.ts';
import { anEndpoint, apply, conditionOf, namespace, query, untilReady } from '../harness/endpoints.ts';
import { eventually } from '../harness/eventually.ts';
import { startClosedLoad } from './closed-load.ts';
import { restartOperators } from './operator-settings.ts';

const name = 'autoscaling';
const ref = { name, namespace };
/** One replica takes one request at a time; the demand of the last seconds counts, and nothing is waited for. */
const quick = {
  minConcurrency: 1,
  maxConcurrency: 4,
  scaling: {
    concurrencyPerReplica: 1,
    targetUtilizationPercentage: 100,
    windowSeconds: 6,
    scaleDown: { stabilizationWindowSeconds: 0 },
  },
};
const awake = { ...quick, scaleToZero: { enabled: true, idleAfter: '10m' } };
const sleepy = { ...quick, scaleToZero: { enabled: true, idleAfter: '5s' } };

describe('an endpoint whose demand changes', () => {
  let client: KubeClient;
  beforeAll(async () => {
    client = kubeClient();
    await apply(client, anEndpoint(name, 'models:/iris/1', awake));
    await untilReady(client, name);
  });
  afterAll(async () => {
    await client.delete(servingEndpoints, ref);
    await client.transport.close();
  });

  const scale = async () => {
    const selector = { namespace, labelSelector: `${labels.endpoint}=${name}` };
    const [deployment] = (await client.list(deployments, selector)).items;
    return { wanted: deployment?.spec?.replicas, ready: deployment?.status?.readyReplicas ?? 0 };
  };
  const untilScaled = (replicas: number) =>
    eventually(
      `${replicas} replicas are ready`,
      120_000,
      scale,
      ({ wanted, ready }) => wanted === replicas && ready === replicas,
    );
  const untilWanted = (what: string, isSo: (wanted: number) => boolean) =>
    eventually(what, 90_000, scale, ({ wanted }) => wanted !== undefined && isSo(wanted));
  const killOperator = (): Promise<void> => restartOperators(client);
  const autoscaling = async () => conditionOf(await client.get(servingEndpoints, ref), 'Autoscaling');

  it('grows from one replica to four under load, though the operator is killed on the way', async () => {
    // As many as one replica answers and lets wait: nobody is refused while the others start.
    const load = startClosedLoad(name, 10);
    await untilWanted('it grows', (wanted) => wanted > 1);
    await killOperator();
    await untilScaled(4);
    // The load goes on, and a new leader that knew nothing of it would take replicas away.
    await eventually(
      'the HPA reads the demand from the new leader, and asks for no less',
      60_000,
      autoscaling,
      (condition) => condition?.reason === 'AtMaximum' || condition?.reason === 'FollowingDemand',
    );
    expect(await scale()).toEqual({ wanted: 4, ready: 4 });
    expect(await load.stop()).toEqual([]);
  });

  it('shrinks to one replica when the load is over, though the operator is killed meanwhile', async () => {
    await killOperator();
    await untilScaled(1);
    expect(await query(name)).toMatchObject({ status: 200 });
  });

  it('goes to zero when nobody asks, though the operator is killed meanwhile, and is Ready there', async () => {
    await apply(client, anEndpoint(name, 'models:/iris/1', sleepy));
    await killOperator();
    await untilScaled(0);
    const atZero = await eventually(
      'it says so',
      30_000,
      autoscaling,
      (now) => now?.reason === 'ScaledToZero',
    );
    expect(atZero?.status).toBe('True');
    expect(conditionOf(await client.get(servingEndpoints, ref), 'Ready')?.status).toBe('True');
  });

  it('comes back from zero for a request, without an operator', async () => {
    await killOperator();
    expect(await query(name)).toMatchObject({ status: 200, text: '{"predictions": [0]}' });
    expect((await scale()).wanted).toBe(1);
  });

  it('stays as it is while somebody holds it still, and goes on when they let go', async () => {
    const hold = (word: string | null) =>
      client.mergePatch(servingEndpoints, ref, {
        metadata: { annotations: { 'serving.fairlead.dev/autoscaling': word } },
      });
    await hold('paused');
    await eventually('it says so', 30_000, autoscaling, (condition) => condition?.reason === 'Paused');
    const load = startClosedLoad(name, 8);
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    expect((await scale()).wanted).toBe(1);
    await hold(null);
    await untilWanted('it grows', (wanted) => wanted > 1);
    expect(await load.stop()).toEqual([]);
    await untilScaled(0);
  });
});
