/** Owns the proof that a node which joins over the network runs pods, and gets over calls that fail. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '../../devcluster/apiserver/objects/kube-object.ts';
import type { Container, Lease, Node } from '../../devcluster/controllers/objects/kinds.ts';
import type { Fault, SeenRequest } from './harness/fault-proxy.ts';
import { makeRemoteNode, nodeName } from './harness/remote-node.ts';
import type { RemoteNode } from './harness/remote-node.ts';
import { until } from './harness/until.ts';

const untilTerm = `trap 'kill $child; exit 0' TERM; sleep 1000 & child=$!; wait $child`;
const sh = (name: string, script: string, more: Partial<Container> = {}): Container => ({
  name,
  image: 'shell',
  args: [script],
  ...more,
});
const faults: Fault[] = ['internal error', 'conflict', 'cut before it arrives', 'cut after it was done'];

let far: RemoteNode;
const node = (): Node | undefined => far.client.resource<Node>('v1', 'Node').get(nodeName);
const isReady = (): boolean =>
  node()?.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';

const asks =
  (method: string, path: RegExp) =>
  (request: SeenRequest): boolean =>
    request.method === method && path.test(request.path) && !request.query.has('watch');

describe('a node that joins over HTTPS', () => {
  beforeAll(async () => {
    far = await makeRemoteNode();
    await far.start('straight');
  });
  afterAll(() => far.destroy());

  it('tells what it offers and that it is ready', async () => {
    await until('the node is ready', isReady);
    expect(node()?.status).toMatchObject({
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }, { type: 'Hostname' }],
      daemonEndpoints: { kubeletEndpoint: { Port: expect.any(Number) as number } },
    });
    const lease = await until('the node has a lease', () =>
      far.client.resource<Lease>('coordination.k8s.io/v1', 'Lease').get(nodeName, 'kube-node-lease'),
    );
    expect(lease.spec.holderIdentity).toBe(nodeName);
  });

  it('runs the containers of its pods, and takes the pods away when they are deleted', async () => {
    far.run('whole', {
      initContainers: [
        sh('init', 'test -s /var/run/secrets/kubernetes.io/serviceaccount/token'),
        sh('side', untilTerm, { restartPolicy: 'Always' }),
      ],
      containers: [sh('main', untilTerm)],
    });
    const { status, metadata } = await far.ready('whole');
    expect(status).toMatchObject({
      phase: 'Running',
      hostIP: '127.0.0.1',
      podIP: expect.stringMatching(/^127\.\d+\.0\.\d+$/) as string,
      observedGeneration: metadata.generation,
      initContainerStatuses: [{ state: { terminated: { exitCode: 0 } } }, { state: { running: {} } }],
      containerStatuses: [{ ready: true, started: true, restartCount: 0 }],
    });
    far.client.resource('v1', 'Pod').delete('whole', 'default');
    await far.gone('whole');
  });

  it('leaves the pods of other nodes alone', async () => {
    far.run('other', { nodeName: 'elsewhere', containers: [sh('main', untilTerm)] });
    far.run('own', { containers: [sh('main', untilTerm)] });
    await far.ready('own');
    expect(far.pod('other')?.status?.phase).toBe('Pending');
  });

  it('tells of what happens as events of its pods', async () => {
    far.run('told', { containers: [sh('main', untilTerm)] });
    await far.ready('told');
    interface CoreEvent extends KubeObject {
      involvedObject: { name: string; fieldPath?: string };
      reason: string;
    }
    const events = () => far.client.resource<CoreEvent>('v1', 'Event').list({ namespace: 'default' });
    const started = await until('the event is there', () =>
      events().find(({ involvedObject, reason }) => involvedObject.name === 'told' && reason === 'Started'),
    );
    expect(started.involvedObject.fieldPath).toBe('spec.containers{main}');
  });

  it('goes on where it was when the API server was away', async () => {
    far.run('before', { containers: [sh('main', untilTerm)] });
    const { uid } = (await far.ready('before')).metadata;
    await far.restartApi();
    far.run('after', { containers: [sh('main', untilTerm)] });
    await far.ready('after');
    expect(far.pod('before')).toMatchObject({
      metadata: { uid },
      status: { containerStatuses: [{ restartCount: 0, ready: true }] },
    });
  });
});

describe('a node whose calls fail', () => {
  beforeAll(async () => {
    far = await makeRemoteNode();
    await far.start();
    await until('the node is ready', isReady);
  });
  afterAll(() => far.destroy());

  const calls: [string, string, RegExp][] = [
    ["a pod's status", 'PATCH', /\/pods\/[^/]+\/status$/],
    ['the end of a pod', 'DELETE', /\/pods\/[^/]+$/],
    ['a token', 'POST', /\/serviceaccounts\/default\/token$/],
    ['an event', 'POST', /\/events$/],
  ];
  it.each(calls.flatMap((call) => faults.map((fault) => [fault, ...call] as const)))(
    'gets over "%s" at %s',
    async (fault, what, method, path) => {
      const name = `${what} ${fault}`.replaceAll(/[^a-z]+/g, '-');
      const failed = far.proxy.failNext(asks(method, path), fault);
      far.run(name, { containers: [sh('main', untilTerm)] });
      await far.ready(name);
      far.client.resource('v1', 'Pod').delete(name, 'default');
      await far.gone(name);
      await until('the call has failed', () => failed.done);
    },
  );

  it('is not taken in by a status that somebody else wrote first', async () => {
    far.run('shared', { containers: [sh('main', untilTerm)] });
    const pod = await far.ready('shared');
    const { conditions = [] } = pod.status ?? {};
    const gate = { type: 'example.org/gate', status: 'True' };
    const pods = far.client.resource('v1', 'Pod');
    pods.mergePatch('shared', 'default', { status: { conditions: [...conditions, gate] } }, 'status');
    pods.mergePatch('shared', 'default', { metadata: { labels: { changed: 'yes' } } });
    pods.delete('shared', 'default', { gracePeriodSeconds: 1 });
    const last = await until('the last status is told', () => {
      const found = far.pod('shared');
      return found === undefined || (found.status?.conditions ?? []).some(({ type }) => type === gate.type);
    });
    expect(last).toBe(true);
    await far.gone('shared');
  });
});

describe('a node whose first calls fail', () => {
  beforeEach(async () => {
    far = await makeRemoteNode();
    far.proxy.refuseStreams();
  });
  afterEach(() => far.destroy());

  const calls: [string, string, RegExp][] = [
    ['the look at its Node', 'GET', /\/nodes\/far$/],
    ['the making of its Node', 'POST', /\/nodes$/],
    ['its labels', 'PATCH', /\/nodes\/far$/],
    ['its status', 'PATCH', /\/nodes\/far\/status$/],
    ['the look at its lease', 'GET', /\/leases\/far$/],
    ['the making of its lease', 'POST', /\/leases$/],
    ['the list of its pods', 'GET', /\/api\/v1\/pods$/],
  ];
  it.each(calls.flatMap((call) => faults.map((fault) => [fault, ...call] as const)))(
    'joins all the same after "%s" at %s',
    async (fault, _what, method, path) => {
      const failed = far.proxy.failNext(asks(method, path), fault);
      await far.start();
      await until('the node is ready', isReady);
      await until('the node has a lease', () =>
        far.client.resource('coordination.k8s.io/v1', 'Lease').get(nodeName, 'kube-node-lease'),
      );
      expect(failed.done).toBe(true);
    },
  );

  it('renews the lease that it has from an earlier run, also at the second try', async () => {
    await far.start();
    const leases = far.client.resource<Lease>('coordination.k8s.io/v1', 'Lease');
    const renewed = (): string | undefined => leases.get(nodeName, 'kube-node-lease')?.spec.renewTime;
    const first = await until('the node has a lease', renewed);
    await far.stop();
    const failed = far.proxy.failNext(asks('PATCH', /\/leases\/far$/), 'internal error');
    await far.start();
    await until('the lease is renewed', () => renewed() !== first);
    expect(failed.done).toBe(true);
  });

  it('runs its pods again, and says of what had ended for good that it ended', async () => {
    await far.start();
    far.run('again', { initContainers: [sh('init', 'true')], containers: [sh('main', untilTerm)] });
    await far.ready('again');
    await far.stop();
    await far.start();
    const main = () => far.pod('again')?.status?.containerStatuses?.[0];
    await until('the container runs again', () => main()?.state?.running !== undefined);
    expect(far.pod('again')?.status?.initContainerStatuses?.[0]?.state?.terminated?.exitCode).toBe(0);
  });
});
