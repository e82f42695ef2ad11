/**
 * Owns the proof that pods live as under a kubelet: order of containers, probes, restarts, volumes, termination.
 * Longer than 300 lines: one cluster, started once, serves every case.
 */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive } from '../../platform/processes/process-group.ts';
import type { Container } from '../controllers/objects/kinds.ts';
import { TestCluster, eventually, sh, untilTerm } from './test-cluster.ts';

let cluster: TestCluster;
let shared: string;

beforeAll(async () => {
  cluster = await TestCluster.start();
  shared = await mkdtemp(join(tmpdir(), 'fairlead-shared-'));
});
afterAll(async () => {
  await cluster.destroy();
  await rm(shared, { recursive: true, force: true });
});

const data = { volumes: [{ name: 'data', emptyDir: {} }] };
const onData: Partial<Container> = { volumeMounts: [{ name: 'data', mountPath: '/data' }] };
/** A directory of the test's own, for what containers have to leave behind. */
const trace = () => ({ volumes: [{ name: 'trace', hostPath: { path: shared } }] });
const onTrace: Partial<Container> = { volumeMounts: [{ name: 'trace', mountPath: '/trace' }] };
const lines = async (name: string): Promise<string[]> =>
  (await readFile(join(shared, name), 'utf8').catch(() => '')).split('\n').filter(Boolean);
const exec = (script: string) => ({ exec: { command: ['/bin/sh', '-c', script] } });
const everySecond = (script: string) => ({ ...exec(script), periodSeconds: 1 });

describe.concurrent('the containers of a pod', () => {
  it('run one after the other while they initialise, then together, on one volume', async () => {
    cluster.run('order', {
      ...data,
      initContainers: [
        sh('first', 'sleep 0.1; echo 1 >> /data/x', onData),
        sh('second', 'echo 2 >> /data/x', onData),
      ],
      containers: [sh('main', `cat /data/x; ${untilTerm()}`, onData)],
    });
    await cluster.ready('order');
    expect(await eventually(() => cluster.log('order', 'main'), Boolean)).toBe('1\n2\n');
    expect(cluster.pod('order')?.status).toMatchObject({
      phase: 'Running',
      podIP: expect.stringMatching(/^127\.66\./) as string,
      initContainerStatuses: [
        { state: { terminated: { exitCode: 0, reason: 'Completed' } } },
        { ready: true },
      ],
    });
  });

  it('begin with sidecars, and end with them in reverse order', async () => {
    const sidecar = (name: string): Container =>
      sh(name, `echo +${name} >> /trace/side; ${untilTerm(`echo -${name} >> /trace/side;`)}`, {
        ...onTrace,
        restartPolicy: 'Always',
        startupProbe: { ...everySecond(`grep -q +${name} /trace/side`), failureThreshold: 30 },
      });
    cluster.run('sidecars', {
      ...trace(),
      terminationGracePeriodSeconds: 10,
      initContainers: [sidecar('one'), sidecar('two')],
      containers: [
        sh(
          'main',
          `echo +main >> /trace/side; ${untilTerm('sleep 0.2; echo -main >> /trace/side;')}`,
          onTrace,
        ),
      ],
    });
    await cluster.ready('sidecars');
    cluster.pods.delete('sidecars', 'default');
    await cluster.gone('sidecars');
    expect(await lines('side')).toEqual(['+one', '+two', '+main', '-main', '-two', '-one']);
  });

  it('see their mounts, their own address as localhost, and a clean environment', async () => {
    cluster.run('world', {
      ...data,
      containers: [
        sh(
          'main',
          'env; echo dir=/data ip=$(POD_IP); ls /var/run/secrets/kubernetes.io/serviceaccount; touch /data/here',
          {
            ...onData,
            env: [
              { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
              { name: 'URL', value: 'http://localhost:8080' },
            ],
          },
        ),
      ],
      restartPolicy: 'Never',
    });
    await eventually(
      () => cluster.pod('world')?.status?.phase,
      (phase) => phase === 'Succeeded',
    );
    const log = await cluster.log('world', 'main');
    const podIP = cluster.pod('world')?.status?.podIP ?? '';
    expect(log).toContain(`URL=http://${podIP}:8080\n`);
    expect(log).toContain(`ip=${podIP}`);
    expect(log).toMatch(/dir=\/.*\/volumes\/data /);
    expect(log).toMatch(/KUBERNETES_SERVICE_HOST=127\./);
    expect(log).toContain('ca.crt\nnamespace\ntoken\n');
    expect(log).not.toContain('VITEST');
  });

  it('are Failed where one failed and none is restarted', async () => {
    cluster.run('failed', { restartPolicy: 'Never', containers: [sh('main', 'exit 3')] });
    await eventually(
      () => cluster.pod('failed')?.status?.phase,
      (phase) => phase === 'Failed',
    );
    expect(await cluster.container('failed', 'main')).toMatchObject({
      restartCount: 0,
      state: { terminated: { exitCode: 3, reason: 'Error' } },
    });
  });
});

describe.concurrent('the log of a container', () => {
  it('is shown with times, and from a time on', async () => {
    cluster.run('logs', { containers: [sh('main', `echo early; sleep 1.2; echo late; ${untilTerm()}`)] });
    await eventually(
      () => cluster.log('logs', 'main'),
      (log) => log.includes('late'),
    );
    const { url, adminToken } = cluster.cluster.api;
    const show = (query: string) =>
      httpsGet(`${url}/api/v1/namespaces/default/pods/logs/log?${query}`, adminToken);
    expect(await show('timestamps=true')).toMatch(/^\d{4}-[^ ]+Z early\n\d{4}-[^ ]+Z late\n$/);
    expect(await show('sinceSeconds=1')).toBe('late\n');
  });
});

describe.concurrent('a container that fails', () => {
  it('waits longer with each crash, and tells its last words', async () => {
    cluster.run('crash', {
      containers: [
        sh('main', 'echo starting; echo "cannot load model: no such file" >&2; exit 4', {
          terminationMessagePolicy: 'FallbackToLogsOnError',
        }),
      ],
    });
    const status = await cluster.container(
      'crash',
      'main',
      ({ state }) => state?.waiting?.reason === 'CrashLoopBackOff',
    );
    expect(status.lastState?.terminated).toMatchObject({
      exitCode: 4,
      reason: 'Error',
      message: 'starting\ncannot load model: no such file\n',
    });
    expect(status.state?.waiting?.message).toMatch(
      /^back-off \d+ms restarting failed container=main pod=crash_default/,
    );
    await cluster.container('crash', 'main', ({ restartCount }) => restartCount >= 3);
    expect(cluster.events('crash', 'BackOff')[0]).toContain(
      'Back-off restarting failed container main in pod crash',
    );
    await eventually(() => !cluster.isReady('crash'), Boolean);
  });

  it('says what it wrote to its termination log rather than its output', async () => {
    cluster.run('message', {
      restartPolicy: 'Never',
      containers: [sh('main', 'echo out; printf why > /dev/termination-log; exit 1')],
    });
    const status = await cluster.container('message', 'main', ({ state }) => state?.terminated !== undefined);
    expect(status.state?.terminated?.message).toBe('why');
  });

  it('names the image that no program stands for', async () => {
    cluster.run('image', { containers: [{ name: 'main', image: 'nobody/knows:1' }] });
    const status = await cluster.container(
      'image',
      'main',
      ({ state }) => state?.waiting?.reason === 'ErrImagePull',
    );
    expect(status.state?.waiting?.message).toContain('image "nobody/knows:1"');
    expect(status.state?.waiting?.message).toContain('known images: node, shell');
  });

  it('says that a container used more memory than its limit', async () => {
    cluster.run('oom', {
      restartPolicy: 'Never',
      containers: [
        {
          name: 'main',
          image: 'node',
          args: ['-e', 'const all = Buffer.alloc(200 * 2 ** 20, 1); setInterval(() => all, 1e6)'],
          resources: { limits: { memory: '100Mi' } },
        },
      ],
    });
    const status = await cluster.container('oom', 'main', ({ state }) => state?.terminated !== undefined);
    expect(status.state?.terminated).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
  });

  it('names the program that does not exist', async () => {
    cluster.run('program', {
      restartPolicy: 'Never',
      containers: [{ name: 'main', image: 'shell', command: ['nowhere'] }],
    });
    const status = await cluster.container('program', 'main', ({ state }) => state?.terminated !== undefined);
    expect(status.state?.terminated).toMatchObject({ exitCode: 128, reason: 'StartError' });
    expect(status.state?.terminated?.message).toContain(
      'exec: "nowhere": executable file not found in $PATH',
    );
  });
});

describe.concurrent('a probe', () => {
  it('makes a container ready, and unready again', async () => {
    cluster.run('readiness', {
      ...trace(),
      containers: [
        sh('main', untilTerm(), {
          ...onTrace,
          readinessProbe: { ...everySecond('test -f /trace/ready'), failureThreshold: 1 },
        }),
      ],
    });
    await cluster.container('readiness', 'main', ({ started }) => started === true);
    await eventually(
      () => cluster.events('readiness', 'Unhealthy'),
      ({ length }) => length > 0,
    );
    expect(cluster.isReady('readiness')).toBe(false);
    await writeFile(join(shared, 'ready'), '');
    await cluster.ready('readiness');
    await rm(join(shared, 'ready'));
    await eventually(() => !cluster.isReady('readiness'), Boolean);
    expect(cluster.events('readiness', 'Unhealthy')[0]).toMatch(/^Readiness probe failed: /);
  });

  it('of liveness has a container restarted', async () => {
    cluster.run('liveness', {
      containers: [
        sh('main', untilTerm(), {
          livenessProbe: { ...everySecond('exit 1'), failureThreshold: 1, initialDelaySeconds: 1 },
        }),
      ],
    });
    await cluster.container('liveness', 'main', ({ restartCount }) => restartCount > 0);
    expect(cluster.events('liveness', 'Killing')).toContain(
      'Container main failed liveness probe, will be restarted',
    );
  });

  it('of startup holds the others back, over HTTP on a named port of the pod', async () => {
    const server = `require('http').createServer((q, s) => s.end()).listen(8080, process.env.POD_IP)`;
    cluster.run('startup', {
      containers: [
        {
          name: 'main',
          image: 'node',
          args: ['-e', server],
          env: [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
          ports: [{ name: 'web', containerPort: 8080 }],
          startupProbe: { httpGet: { port: 'web', path: '/x' }, periodSeconds: 1, failureThreshold: 30 },
          readinessProbe: { tcpSocket: { port: 'web' }, periodSeconds: 1 },
        },
      ],
    });
    await cluster.ready('startup');
    expect(
      cluster
        .events('startup', 'Unhealthy')
        .every((message) => message.startsWith('Startup probe failed: Get "http://127.66.')),
    ).toBe(true);
  });
});

describe.concurrent('a pod that is deleted', () => {
  it('runs its preStop hook before it is told to end', async () => {
    cluster.run('prestop', {
      ...trace(),
      containers: [
        sh('main', untilTerm('echo term >> /trace/prestop;'), {
          ...onTrace,
          lifecycle: { preStop: exec('sleep 0.1; echo hook >> /trace/prestop') },
        }),
      ],
    });
    await cluster.ready('prestop');
    cluster.pods.delete('prestop', 'default');
    await eventually(() => cluster.pod('prestop')?.metadata.deletionTimestamp);
    await cluster.gone('prestop');
    expect(await lines('prestop')).toEqual(['hook', 'term']);
  });

  it('is killed with all its processes when its grace is over', async () => {
    cluster.run('stubborn', {
      terminationGracePeriodSeconds: 1,
      containers: [
        sh('main', `trap '' TERM; echo pid=$$; (trap '' TERM; sleep 1000 & echo pid=$!; wait) & wait; wait`),
      ],
    });
    await cluster.ready('stubborn');
    const log = await eventually(
      () => cluster.log('stubborn', 'main'),
      (log_) => log_.split('pid=').length === 3,
    );
    const pids = log.split('pid=').slice(1).map(Number);
    cluster.pods.delete('stubborn', 'default');
    await cluster.gone('stubborn');
    for (const pid of pids) await eventually(() => !isAlive(pid), Boolean);
  });

  it('stays as it ended while a finalizer keeps it', async () => {
    cluster.run('kept', { containers: [sh('main', untilTerm())] });
    await cluster.ready('kept');
    cluster.pods.mergePatch('kept', 'default', { metadata: { finalizers: ['example.org/wait'] } });
    cluster.pods.delete('kept', 'default');
    const { state } = await cluster.container(
      'kept',
      'main',
      (status) => status.state?.terminated !== undefined,
    );
    const { uid } = cluster.pod('kept')?.metadata ?? {};
    const files = join(cluster.directory, 'node/pods', uid ?? '');
    await eventually(async () => (await stat(files).catch(() => undefined)) === undefined, Boolean);
    cluster.pods.mergePatch('kept', 'default', { metadata: { labels: { looked: 'at' } } });
    // What a look at the pod would lead to comes after some turns of the event loop.
    for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
    expect((await cluster.container('kept', 'main')).state).toEqual(state);
    cluster.pods.mergePatch('kept', 'default', { metadata: { finalizers: null } });
    await cluster.gone('kept');
  });

  it('goes at once when it is forced, and so do its processes', async () => {
    cluster.run('forced', { containers: [sh('main', `echo pid=$$; ${untilTerm()}`)] });
    await cluster.ready('forced');
    const log = await eventually(() => cluster.log('forced', 'main'), Boolean);
    cluster.pods.delete('forced', 'default', { gracePeriodSeconds: 0 });
    expect(cluster.pod('forced')).toBeUndefined();
    await eventually(() => !isAlive(Number(log.replace('pid=', ''))), Boolean);
  });
});

describe.concurrent('ConfigMaps and Secrets', () => {
  const configMap = (name: string, text: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default' },
    data: { 'config.json': text },
  });

  it('are followed by the files of a running container', async () => {
    const maps = cluster.client.resource('v1', 'ConfigMap');
    maps.create(configMap('live', 'one'));
    cluster.run('live', {
      volumes: [{ name: 'config', configMap: { name: 'live' } }],
      containers: [
        sh(
          'main',
          'until grep -q two /etc/app/config.json; do sleep 0.05; done; echo changed; ' + untilTerm(),
          {
            volumeMounts: [{ name: 'config', mountPath: '/etc/app' }],
          },
        ),
      ],
    });
    await cluster.ready('live');
    maps.update(configMap('live', 'two'));
    expect(await eventually(() => cluster.log('live', 'main'), Boolean)).toBe('changed\n');
  });

  it('are waited for by a volume', async () => {
    cluster.run('late', {
      volumes: [{ name: 'tls', secret: { secretName: 'late' } }],
      containers: [sh('main', untilTerm(), { volumeMounts: [{ name: 'tls', mountPath: '/tls' }] })],
    });
    const [message] = await eventually(
      () => cluster.events('late', 'FailedMount'),
      ({ length }) => length > 0,
    );
    expect(message).toBe('MountVolume.SetUp failed for volume "tls" : secret "late" not found');
    expect((await cluster.container('late', 'main')).state?.waiting?.reason).toBe('ContainerCreating');
    cluster.client
      .resource('v1', 'Secret')
      .create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'late', namespace: 'default' } });
    await cluster.ready('late');
  });

  it('are waited for by a variable', async () => {
    cluster.run('lateenv', {
      containers: [
        sh('main', untilTerm(), {
          env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'lateenv', key: 'config.json' } } }],
        }),
      ],
    });
    const status = await cluster.container(
      'lateenv',
      'main',
      ({ state }) => state?.waiting?.reason === 'CreateContainerConfigError',
    );
    expect(status.state?.waiting?.message).toBe('configmap "lateenv" not found');
    cluster.client.resource('v1', 'ConfigMap').create(configMap('lateenv', 'v'));
    await cluster.ready('lateenv');
  });
});

function httpsGet(url: string, token: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { headers: { authorization: `Bearer ${token}` }, ca: cluster.cluster.api.caPem };
    get(url, options, (response) => void text(response).then(resolve, reject)).on('error', reject);
  });
}
