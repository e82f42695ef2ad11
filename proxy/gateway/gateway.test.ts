import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startSidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import type { SidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import { aWineEndpoint } from '../testing/cluster-fixture.ts';
import { makePki } from '../testing/pki-fixture.ts';
import type { Pki } from '../testing/pki-fixture.ts';
import { startGatewayUnderTest } from './gateway-fixture.ts';
import type { GatewayUnderTest } from './gateway-fixture.ts';

const deployment = 'wine-0123456789';

let pki: Pki;
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());

describe('with a pod that is ready', () => {
  let pod: SidecarUnderTest;
  let t: GatewayUnderTest;
  beforeEach(async () => {
    pod = await startSidecarUnderTest(pki);
    t = await startGatewayUnderTest(pki);
    t.cluster.setEndpoint(aWineEndpoint());
    t.cluster.setPods('team-a', deployment, [{ ...pod.sidecar.data, ready: true }]);
    await t.caughtUp();
  });
  afterEach(async () => {
    await t.stop();
    await pod.stop();
  });

  it('answers with what the model says', async () => {
    const answer = await t.send();
    expect(answer.body).toBe('{"predictions":[0]}');
    expect(answer.status).toBe(200);
    expect(answer.headers['served-model-name']).toBe('wine-1');
  });
});

describe('at zero', () => {
  it('wakes the Deployment once for 50 requests and answers them all', async () => {
    const pod = await startSidecarUnderTest(pki);
    const t = await startGatewayUnderTest(pki);
    t.cluster.setEndpoint(aWineEndpoint());
    t.cluster.scales.set(`team-a/${deployment}`, 0);
    await t.caughtUp();
    t.cluster.onScaled = () => {
      setTimeout(() => t.cluster.setPods('team-a', deployment, [{ ...pod.sidecar.data, ready: false }]), 100);
    };
    const answers = await Promise.all(Array.from({ length: 50 }, () => t.send()));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
    expect(t.cluster.scaleWrites).toEqual([`team-a/${deployment}=1`]);
    await t.stop();
    await pod.stop();
  });
});
