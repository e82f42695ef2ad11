/** Owns the journey of an administrator who leaves zero to Kubernetes (1.37): the HPA goes there, a request comes back. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labels } from '../../crds/schema/api.ts';
import type { KubeClient } from '../../kube/client.ts';
import { deployments, events, horizontalPodAutoscalers, servingEndpoints } from '../../kube/kinds.ts';
import { kubeClient } from '../harness/cluster-under-test.ts';
import { anEndpoint, apply, conditionOf, namespace, query, untilReady } from '../harness/endpoints.ts';
import { eventually } from '../harness/eventually.ts';
import { startClosedLoad } from './closed-load.ts';
import { setScaling } from './operator-settings.ts';

const name = 'native-zero';
const ref = { name, namespace };
const workload = {
  minConcurrency: 1,
  maxConcurrency: 2,
  scaleToZero: { enabled: true, idleAfter: '5s' },
  scaling: {
    concurrencyPerReplica: 1,
    targetUtilizationPercentage: 100,
    windowSeconds: 6,
    scaleDown: { stabilizationWindowSeconds: 0 },
  },
};

describe('where the operator leaves zero to the HPA', () => {
  let client: KubeClient;
  let takeBack: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    client = kubeClient();
    takeBack = await setScaling(client, { nativeScaleToZero: true });
    await apply(client, anEndpoint(name, 'models:/iris/1', workload));
    await untilReady(client, name);
  });
  afterAll(async () => {
    await client.delete(servingEndpoints, ref);
    await takeBack?.();
    await client.transport.close();
  });

  const selector = { namespace, labelSelector: `${labels.endpoint}=${name}` };
  const deployment = async () => (await client.list(deployments, selector)).items[0];
  const autoscaler = async () => (await client.list(horizontalPodAutoscalers, selector)).items[0];
  const judgement = async (type: string) =>
    (await autoscaler())?.status?.conditions?.find((condition) => condition.type === type);
  const untilScaled = (replicas: number) =>
    eventually(
      `${replicas} replicas are ready`,
      120_000,
      deployment,
      (now) => now?.spec?.replicas === replicas && (now.status?.readyReplicas ?? 0) === replicas,
    );
  /** How often who took it to zero, as events tell: of the endpoint, and of its HPA. */
  const wentToZero = async () => {
    const { items } = await client.list(events, { namespace });
    const own = items.filter(({ regarding }) => `${regarding?.name ?? ''}-`.startsWith(`${name}-`));
    const said = (pattern: RegExp) =>
      own.filter(({ reason, note }) => pattern.test(`${reason ?? ''} ${note ?? ''}`));
    return {
      operator: said(/^ScaledToZero /).length,
      autoscaler: said(/^SuccessfulRescale New size: 0;/).length,
    };
  };

  it('gives it an HPA that may go to zero', async () => {
    await eventually('its least is zero', 60_000, autoscaler, (hpa) => hpa?.spec.minReplicas === 0);
  });

  it('is taken to zero by the HPA when nobody asks, and is Ready there', async () => {
    await untilScaled(0);
    const told = await eventually(
      'the HPA says so',
      30_000,
      () => judgement('ScaledToZero'),
      (now) => now?.status === 'True',
    );
    expect(told?.reason).toBe('ScaledToZero');
    await eventually('an event says so', 30_000, wentToZero, ({ autoscaler }) => autoscaler > 0);
    expect((await wentToZero()).operator).toBe(0);
    const atZero = await eventually(
      'the endpoint says so',
      30_000,
      async () => client.get(servingEndpoints, ref),
      (endpoint) => conditionOf(endpoint, 'Autoscaling')?.reason === 'ScaledToZero',
    );
    expect(conditionOf(atZero, 'Ready')?.status).toBe('True');
  });

  it('is left there by the HPA, which reads that there is no demand', async () => {
    const before = (await autoscaler())?.status?.lastScaleTime;
    await eventually(
      'it reads the demand',
      60_000,
      () => judgement('ScalingActive'),
      (now) => now?.status === 'True' && now.reason === 'ValidMetricFound',
    );
    // As long as the last pod's reports count, and longer.
    await new Promise((resolve) => setTimeout(resolve, 15_000));
    expect((await deployment())?.spec?.replicas).toBe(0);
    expect((await autoscaler())?.status?.lastScaleTime).toBe(before);
  });

  it('is woken by a request', async () => {
    expect(await query(name)).toMatchObject({ status: 200, text: '{"predictions": [0]}' });
  });

  it('is scaled by the HPA again, up under load, and down to zero after it', async () => {
    const load = startClosedLoad(name, 6);
    await untilScaled(2);
    expect(await load.stop()).toEqual([]);
    expect((await judgement('ScaledToZero'))?.status).toBe('False');
    await untilScaled(0);
    expect((await wentToZero()).operator).toBe(0);
  });

  it('stays at zero when that is taken back, and goes there by the operator again', async () => {
    const before = await autoscaler();
    await takeBack?.();
    takeBack = undefined;
    const after = await eventually(
      'its HPA keeps one, and rests',
      120_000,
      autoscaler,
      (hpa) =>
        hpa?.spec.minReplicas === 1 &&
        hpa.status?.conditions?.some(({ reason }) => reason === 'ScalingDisabled') === true,
    );
    expect(after?.metadata?.uid).not.toBe(before?.metadata?.uid);
    expect((await deployment())?.spec?.replicas).toBe(0);
    expect(await query(name)).toMatchObject({ status: 200 });
    await untilScaled(0);
    await eventually('an event says by whom', 30_000, wentToZero, ({ operator }) => operator > 0);
  });
});
