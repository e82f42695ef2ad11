/** Owns the proof that a leader whose process stood still acts no more: another has taken over, and it finds out first. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { leases, servingEndpoints } from '../../kube/kinds.ts';
import { anEndpoint } from '../support/an-endpoint.ts';
import { startFaultProxy } from './harness/fault-proxy.ts';
import type { FaultProxy } from './harness/fault-proxy.ts';
import { deploymentsOf } from './harness/nodes.ts';
import { startOperatorProcess } from './harness/operator-process.ts';
import type { OperatorProcess } from './harness/operator-process.ts';
import { until } from './harness/until.ts';
import { startWorld, systemNamespace } from './harness/world.ts';
import type { World } from './harness/world.ts';

const leaderElection = { leaseDuration: '3s', renewDeadline: '2s', retryPeriod: '300ms' };
const host = `127.89.${process.pid % 250}.1`;

let world: World;
let dir: string;
let proxy: FaultProxy;
let paused: OperatorProcess;

beforeAll(async () => {
  world = await startWorld();
  dir = await mkdtemp(join(tmpdir(), 'fairlead-paused-'));
  proxy = await startFaultProxy(world.api.url, world.api.caPem);
  const account = { namespace: systemNamespace, name: 'fairlead-operator' };
  const { token } = await world.api.issueServiceAccountToken(account);
  paused = await startOperatorProcess({
    dir,
    apiUrl: proxy.url,
    token,
    config: {
      logLevel: process.env['TEST_LOG'] === undefined ? 'fatal' : 'info',
      podName: 'paused',
      podIp: host,
      bindHost: host,
      demandUrl: `https://${host}:8444/v1/demand`,
      leaderElection,
    },
  });
});
afterAll(async () => {
  await paused.kill();
  await proxy.stop();
  await world.stop();
  await rm(dir, { recursive: true });
});

const holder = async (): Promise<string> => {
  const lease = await world.client.find(leases, { name: 'fairlead-operator', namespace: systemNamespace });
  return lease?.spec?.holderIdentity ?? '';
};
const writes = () => proxy.seen.filter(({ method, query }) => method !== 'GET' && !query.has('dryRun'));

/** What is on its way when a process is stopped arrives all the same. */
async function untilNothingIsUnderWay(): Promise<void> {
  const work = () => writes().filter(({ path }) => !path.includes('/leases')).length;
  for (let seen = -1; seen !== work();) {
    seen = work();
    await sleep(1_000);
  }
}

it('writes nothing after it was stopped for longer than its lease, and leaves', async () => {
  await until('the process leads', async () => (await holder()).startsWith('paused_'));
  await world.apply(anEndpoint('ash').servingModel('models:/iris/1').manifest());
  await until('it works', async () => (await deploymentsOf(world.client, 'ash')).length === 1);
  await world.startOperator({ leaderElection });
  await untilNothingIsUnderWay();

  paused.signal('SIGSTOP');
  // Work that it would do at once if it still thought that it leads: it has the events of all this to read.
  await world.apply(anEndpoint('oak').servingModel('models:/iris/1').manifest());
  await world.client.delete(servingEndpoints, { name: 'ash', namespace: 'default' });
  await until('another leads', async () => (await holder()).startsWith('operator-'));
  await until('it does the work', async () => (await deploymentsOf(world.client, 'oak')).length === 1);

  const before = writes().length;
  paused.signal('SIGCONT');
  expect(await paused.ended).toBe(1);
  expect(writes().slice(before)).toEqual([]);
  expect(await holder()).toMatch(/^operator-/);
});
