/** Owns the tests of how it is found out whether an HPA may go to zero, and what follows for each HPA. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeKubeClient } from '../../kube/client.ts';
import type { HorizontalPodAutoscaler } from '../../kube/kinds.ts';
import { cut, json, refusal, startFakeApiServer } from '../../kube/testing/fake-api-server.ts';
import type { Answer, FakeApiServer } from '../../kube/testing/fake-api-server.ts';
import { plainTransport, silentLog } from '../../kube/testing/plain-access.ts';
import type { KubeTransport } from '../../kube/transport.ts';
import { goesToZeroItself, hasToForgetZero, probeNativeZero } from './scaling-mode.ts';
import type { NativeZero } from './scaling-mode.ts';

let server: FakeApiServer;
let transport: KubeTransport;
beforeEach(async () => {
  server = await startFakeApiServer();
  transport = plainTransport(server.url);
});
afterEach(async () => {
  await transport.close();
  await server.stop();
});

const probe = (answer: Answer, known?: NativeZero) => {
  server.always(({ method }) => method === 'POST', answer);
  return probeNativeZero(makeKubeClient(transport), 'fairlead-system', known, silentLog);
};

describe('whether an HPA may go to zero', () => {
  it('is asked by a dry run, so that nothing is made', async () => {
    await probe(json({}, 201));
    expect(server.requests[0]?.query.get('dryRun')).toBe('All');
    expect(JSON.parse(server.requests[0]?.body ?? '')).toMatchObject({ spec: { minReplicas: 0 } });
  });

  it.each<[string, Answer, NativeZero | undefined, NativeZero]>([
    ['is known where the cluster takes one', json({}, 201), undefined, 'on'],
    ['is known where the cluster has learned it', json({}, 201), 'refused', 'on'],
    ['is known where the cluster finds it invalid', refusal(422, 'Invalid'), 'on', 'refused'],
    ['is unknown where a webhook or a quota refuses', refusal(403, 'Forbidden'), undefined, 'unknown'],
    ['is unknown where a webhook cannot be asked', refusal(500, 'InternalError'), undefined, 'unknown'],
    ['is unknown where the API is overloaded', refusal(429, 'TooManyRequests'), 'unknown', 'unknown'],
    ['is unknown where the connection breaks', cut, undefined, 'unknown'],
    ['stays known where the cluster does not say this time', refusal(403, 'Forbidden'), 'on', 'on'],
    [
      'stays refused where the cluster does not say this time',
      refusal(500, 'InternalError'),
      'refused',
      'refused',
    ],
  ])('%s', async (_name, answer, known, expected) => {
    expect(await probe(answer, known)).toBe(expected);
  });
});

describe('an HPA', () => {
  const hpa = (minReplicas: number) => ({ spec: { minReplicas } }) as HorizontalPodAutoscaler;

  it.each<[string, NativeZero, HorizontalPodAutoscaler | undefined, boolean, boolean]>([
    ['goes to zero where it may', 'on', hpa(1), true, false],
    ['that is new goes to zero where it may', 'on', undefined, true, false],
    ['stays at one where the cluster does not say', 'unknown', hpa(1), false, false],
    ['that is new stays at one where the cluster does not say', 'unknown', undefined, false, false],
    ['goes to zero as before where the cluster does not say', 'unknown', hpa(0), true, false],
    ['stays at one where nobody asked for more', 'off', hpa(1), false, false],
    ['that went to zero is made anew where that is over', 'off', hpa(0), false, true],
    ['that went to zero is made anew where the cluster cannot any more', 'refused', hpa(0), false, true],
  ])('%s', (_name, nativeZero, observed, goes, forgets) => {
    const mode = { metricsApi: 'ours', nativeZero } as const;
    expect(goesToZeroItself(mode, observed)).toBe(goes);
    expect(observed !== undefined && hasToForgetZero(mode, observed)).toBe(forgets);
  });
});
