/** Owns the proof that those who wait learn of what happens to their endpoint meanwhile. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { expect, it } from 'vitest';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import { aFailedWineEndpoint, aWineEndpoint } from '../testing/cluster-fixture.ts';
import { until } from '../testing/http-client-fixture.ts';
import { cleanUpAfterEach, deployment, many, startAtZero, startPod, statusesOf } from './wake-fixture.ts';

cleanUpAfterEach();

it('says at once why an entity that has failed cannot answer', async () => {
  const t = await startAtZero();
  t.cluster.setEndpoint(
    aFailedWineEndpoint('LoadFailed', 'No module named "cellar"\nTraceback of a hundred lines'),
  );
  await t.caughtUp();
  const answer = await t.send();
  expect(answer.status).toBe(503);
  expect(answer.body).toContain('LoadFailed: No module named \\"cellar\\"');
  expect(answer.body).not.toContain('Traceback');
  expect(t.cluster.scaleWrites).toEqual([]);
});

it('tells those who wait when the entity fails meanwhile', async () => {
  const t = await startAtZero();
  const answers = many(t, 3);
  await until(() => t.cluster.scaleWrites.length === 1);
  t.cluster.setEndpoint(aFailedWineEndpoint('ImagePullFailed', 'no such image'));
  expect(statusesOf(await answers)).toEqual([503]);
  expect((await answers)[0]?.headers['x-fairlead-request-dropped-reason']).toBe('RejectedNoEndpoints');
});

it('sends those who wait to the new configuration when it becomes active', async () => {
  const t = await startAtZero();
  const pod = await startPod();
  const answer = t.send();
  await until(() => t.cluster.scaleWrites.length === 1);
  t.cluster.setPods('team-a', 'wine-2222222222', [{ ...pod.sidecar.data, ready: true }]);
  t.cluster.setEndpoint(
    aWineEndpoint((endpoint) => ({
      ...endpoint,
      status: {
        traffic: [{ servedEntity: 'wine-1', percent: 100, deployment: 'wine-2222222222', configVersion: 2 }],
      },
    })),
  );
  expect((await answer).status).toBe(200);
});

it('tells those who wait when the endpoint is deleted', async () => {
  const t = await startAtZero();
  const answer = t.send();
  await until(() => t.cluster.scaleWrites.length === 1);
  t.cluster.deleteEndpoint('team-a', 'wine');
  expect((await answer).status).toBe(404);
});

it('tells those who wait when the endpoint is stopped, and wakes nothing any more', async () => {
  const t = await startAtZero();
  const answer = t.send();
  await until(() => t.cluster.scaleWrites.length === 1);
  t.cluster.setEndpoint(aWineEndpoint((it) => ({ ...it, spec: { ...it.spec, suspended: true } })));
  expect((await answer).status).toBe(400);
});

it('never sends those who wait to another endpoint that has taken over the name', async () => {
  const t = await startAtZero();
  const named = (name: string, endpointName: string): ServingEndpoint =>
    aWineEndpoint((it) => ({
      ...it,
      metadata: { ...it.metadata, name, uid: `u-${name}` },
      spec: { ...it.spec, endpointName },
    }));
  t.cluster.setEndpoint(named('wine', 'drink'));
  await t.caughtUp();
  const answer = t.send({ path: '/namespaces/team-a/serving-endpoints/drink/invocations' });
  await until(() => t.cluster.scaleWrites.length === 1);
  t.cluster.setEndpoint(named('beer', 'drink'));
  t.cluster.setEndpoint(named('wine', 'other'));
  expect((await answer).status).toBe(404);
});

it('wakes nothing where traffic no longer goes for a request whose connection fails late', async () => {
  const t = await startAtZero();
  const deaf: Socket[] = [];
  const server = createServer((socket) => deaf.push(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  t.cluster.setPods('team-a', deployment, [{ host: '127.0.0.1', port, ready: true }]);
  await t.caughtUp();
  const answer = t.send();
  await until(() => deaf.length === 1);
  const pod = await startPod();
  t.cluster.setPods('team-a', 'wine-2222222222', [{ ...pod.sidecar.data, ready: true }]);
  t.cluster.setEndpoint(
    aWineEndpoint((endpoint) => ({
      ...endpoint,
      status: {
        traffic: [{ servedEntity: 'wine-1', percent: 100, deployment: 'wine-2222222222', configVersion: 2 }],
      },
    })),
  );
  await t.caughtUp();
  deaf[0]?.destroy();
  expect((await answer).status).toBe(200);
  expect(t.cluster.scaleWrites).toEqual([]);
  server.close();
});
