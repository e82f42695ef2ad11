/** Owns the proof that pods come back after the cluster was stopped or has crashed, and that nothing is left behind. */
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive } from '../../platform/processes/process-group.ts';
import { TestCluster, eventually, sh, untilTerm } from './test-cluster.ts';

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await TestCluster.start();
});
afterEach(async () => {
  await cluster.destroy();
});

const data = { volumes: [{ name: 'data', emptyDir: {} }] };
const onData = { volumeMounts: [{ name: 'data', mountPath: '/data' }] };

describe('a cluster that stops', () => {
  it('leaves no process behind, also of pods that do not want to end', async () => {
    const stubborn = `trap '' TERM; sleep 1000 & echo pid=$!; wait; wait`;
    cluster.run('stubborn', { terminationGracePeriodSeconds: 1, containers: [sh('main', stubborn)] });
    cluster.run('polite', { containers: [sh('main', `echo pid=$$; ${untilTerm()}`)] });
    const pids = await Promise.all(
      ['stubborn', 'polite'].map(async (name) => {
        const log = await eventually(() => cluster.log(name, 'main'), Boolean);
        return Number(log.replace('pid=', ''));
      }),
    );
    await cluster.stop();
    // A killed process is there until its parent, or init, has taken note of its end.
    await eventually(() => !pids.some(isAlive), Boolean);
    expect(await readdir(join(cluster.directory, 'node/processes'))).toEqual([]);
  });

  it('runs the same pods again after its next start, with what was in their volumes', async () => {
    cluster.run('again', {
      ...data,
      containers: [sh('main', `cat /data/x; echo kept > /data/x; ${untilTerm()}`, onData)],
    });
    await cluster.ready('again');
    const before = cluster.pod('again');
    await eventually(() =>
      readFile(volumePath(before?.metadata.uid ?? '', 'data/x'), 'utf8').catch(() => undefined),
    );
    await cluster.stop();
    await cluster.start();
    await eventually(
      () => cluster.log('again', 'main'),
      (log) => log === 'kept\n',
    );
    await cluster.ready('again');
    expect(cluster.pod('again')?.metadata.uid).toBe(before?.metadata.uid);
    expect(cluster.pod('again')?.status?.podIP).toMatch(/^127\.66\./);
  });

  it('takes away what it holds of pods that were deleted meanwhile', async () => {
    cluster.run('deleted', { ...data, containers: [sh('main', untilTerm(), onData)] });
    await cluster.ready('deleted');
    const uid = cluster.pod('deleted')?.metadata.uid ?? '';
    cluster.pods.delete('deleted', 'default');
    await cluster.gone('deleted');
    await eventually(
      async () => !(await readdir(join(cluster.directory, 'node/pods'))).includes(uid),
      Boolean,
    );
    await writeFile(join(cluster.directory, 'node/pods', 'foreign'), '');
    await cluster.stop();
    await cluster.start();
    expect(await readdir(join(cluster.directory, 'node/pods'))).toEqual([]);
  });
});

const volumePath = (uid: string, path: string): string =>
  join(cluster.directory, 'node/pods', uid, 'volumes', path);
