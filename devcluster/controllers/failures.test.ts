/** Owns the proof that the controllers get over API calls that fail. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLogger } from '../../platform/logging.ts';
import type { LocalClient, ResourceClient } from '../apiserver/client/local-client.ts';
import { ApiError } from '../apiserver/errors/api-error.ts';
import type { KubeObject } from '../apiserver/objects/kube-object.ts';
import type { ApiServer } from '../apiserver/server.ts';
import { startApiServer } from '../apiserver/server.ts';
import type { Deployment, EndpointSlice, Pod, Service } from './objects/kinds.ts';
import { startControllers } from './start.ts';
import { startEmbeddedNode } from '../node-agent/embedded-node.ts';
import { eventually, sh, untilTerm } from '../node-agent/test-cluster.ts';

const log = makeLogger({ process: 'test', level: 'silent' });
let directory: string;
let api: ApiServer;
let parts: { stop(): Promise<void> }[];

/** Which calls are to fail, and how often yet: `create Pod`. */
const failures = new Map<string, number>();

function failIfAsked(call: string): void {
  const left = failures.get(call) ?? 0;
  if (left === 0) return;
  failures.set(call, left - 1);
  throw new ApiError(500, 'InternalError', `${call} fails on purpose`);
}

/** The real client, with the calls in `failures` failing as a broken API server would have them fail. */
function withFailures(client: LocalClient): LocalClient {
  return {
    getPath: (path) => client.getPath(path),
    resource: <T extends KubeObject>(apiVersion: string, kind: string): ResourceClient<T> => {
      const real = client.resource<T>(apiVersion, kind);
      return {
        ...real,
        create: (object) => {
          failIfAsked(`create ${kind}`);
          return real.create(object);
        },
        update: (object) => {
          failIfAsked(`update ${kind}`);
          return real.update(object);
        },
        updateStatus: (object) => {
          failIfAsked(`updateStatus ${kind}`);
          return real.updateStatus(object);
        },
        mergePatch: (...call) => {
          failIfAsked(`mergePatch ${kind}`);
          return real.mergePatch(...call);
        },
        delete: (...call) => {
          failIfAsked(`delete ${kind}`);
          real.delete(...call);
        },
      };
    },
  };
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fairlead-failures-'));
  const address = { host: '127.0.0.1', port: 0 };
  api = await startApiServer({ stateDir: join(directory, 'api'), address, log });
  const failing = {
    address: api.address,
    localClient: (name: string) => withFailures(api.localClient(name)),
    issueServiceAccountToken: async (...[request]: Parameters<ApiServer['issueServiceAccountToken']>) => {
      failIfAsked('issue token');
      return api.issueServiceAccountToken(request);
    },
    setNodeServices: (...[services]: Parameters<ApiServer['setNodeServices']>) =>
      api.setNodeServices(services),
  };
  const images = { shell: { entrypoint: ['/bin/sh', '-c'], args: [], executables: {}, env: {} } };
  parts = [
    startControllers({ api: failing, log }),
    await startEmbeddedNode({
      api: failing,
      stateDir: join(directory, 'node'),
      images,
      log,
      stopDeadlineMs: 2_000,
    }),
  ];
});
afterAll(async () => {
  for (const part of parts) await part.stop();
  await api.stop();
  await rm(directory, { recursive: true, force: true });
});

describe('a cluster whose API fails', () => {
  it.each([
    'create ReplicaSet',
    'create Pod',
    'create EndpointSlice',
    'create Event',
    'update EndpointSlice',
    'updateStatus Pod',
    'updateStatus Deployment',
    'mergePatch Pod',
    'mergePatch ReplicaSet',
    'mergePatch Deployment',
    'delete Pod',
    'issue token',
  ])('three times at "%s" still starts, updates and ends a Deployment', async (call) => {
    failures.clear();
    failures.set(call, 3);
    const name = call.toLowerCase().replace(' ', '-');
    const client = api.localClient('test');
    const deployments = client.resource<Deployment>('apps/v1', 'Deployment');
    const labels = { app: name };
    const template = (text: string) => ({
      metadata: { labels },
      spec: { terminationGracePeriodSeconds: 1, containers: [sh('main', `: ${text}; ${untilTerm()}`)] },
    });
    const metadata = { name, namespace: 'default' };
    client.resource<Service>('v1', 'Service').create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: labels, clusterIP: 'None', ports: [{ port: 80 }] },
    });
    deployments.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { replicas: 1, selector: { matchLabels: labels }, template: template('one') },
    });
    const isAvailable = (): boolean => {
      const { metadata: found, status } = deployments.get(name, 'default') ?? {};
      const { observedGeneration, updatedReplicas, replicas, availableReplicas } = status ?? {};
      const counts = [updatedReplicas, replicas, availableReplicas];
      return observedGeneration === found?.generation && counts.every((count) => count === 1);
    };
    const slices = client.resource<EndpointSlice>('discovery.k8s.io/v1', 'EndpointSlice');
    const readyEndpoints = (): number =>
      slices
        .list({ namespace: 'default', labelSelector: `kubernetes.io/service-name=${name}` })
        .flatMap(({ endpoints = [] }) => endpoints)
        .filter(({ conditions }) => conditions?.ready === true).length;
    await eventually(isAvailable, Boolean);
    deployments.mergePatch(name, 'default', { spec: { template: template('two') } });
    await eventually(() => isAvailable() && readyEndpoints() === 1, Boolean);
    deployments.delete(name, 'default');
    const pods = client.resource<Pod>('v1', 'Pod');
    await eventually(() => pods.list({ labelSelector: `app=${name}` }).length === 0, Boolean);
    expect(failures.get(call)).toBe(0);
  });
});
