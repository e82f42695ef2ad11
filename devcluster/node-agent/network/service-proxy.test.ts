import { connect, createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EndpointSlice, Service } from '../../controllers/objects/kinds.ts';
import { TestCluster, eventually } from '../test-cluster.ts';
import { routesOf } from './service-routes.ts';

const metadata = (name: string) => ({
  name,
  namespace: 'default',
  uid: name,
  resourceVersion: '1',
  creationTimestamp: '',
});
const service = (spec: Service['spec']): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: metadata('web'),
  spec,
});
const slice = (ready: boolean | undefined, ...addresses: string[]): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: metadata('web'),
  addressType: 'IPv4',
  endpoints: addresses.map((address) => ({
    addresses: [address],
    conditions: ready === undefined ? {} : { ready },
  })),
  ports: [{ name: 'http', port: 8080 }],
});
const ending = (serving: boolean, address: string): EndpointSlice => ({
  ...slice(false),
  endpoints: [{ addresses: [address], conditions: { ready: false, serving, terminating: true } }],
});
const ports = [{ name: 'http', port: 80 }];

describe('the routes of a Service', () => {
  it.each<[string, Service['spec'], EndpointSlice[], unknown[]]>([
    [
      'lead to the ready endpoints of all slices, also where readiness is not told',
      { clusterIP: '127.96.0.9', ports },
      [slice(true, 'a', 'b'), slice(undefined, 'c'), slice(false, 'd')],
      [{ host: '127.96.0.9', port: 80, targets: ['a', 'b', 'c'].map((host) => ({ host, port: 8080 })) }],
    ],
    [
      'lead nowhere without endpoints',
      { clusterIP: '127.96.0.9', ports },
      [],
      [{ host: '127.96.0.9', port: 80, targets: [] }],
    ],
    [
      'lead to an endpoint that ends but still serves, where no other is ready',
      { clusterIP: '127.96.0.9', ports },
      [slice(false, 'a'), ending(true, 'b'), ending(false, 'c')],
      [{ host: '127.96.0.9', port: 80, targets: [{ host: 'b', port: 8080 }] }],
    ],
    [
      'do not lead to one that ends where another is ready',
      { clusterIP: '127.96.0.9', ports },
      [slice(true, 'a'), ending(true, 'b')],
      [{ host: '127.96.0.9', port: 80, targets: [{ host: 'a', port: 8080 }] }],
    ],
    ['are none without a cluster IP', { clusterIP: 'None', ports }, [slice(true, 'a')], []],
    ['are none for UDP', { clusterIP: '127.96.0.9', ports: [{ port: 53, protocol: 'UDP' }] }, [], []],
  ])('%s', (_name, spec, slices, expected) => {
    expect(routesOf(service(spec), slices)).toEqual(expected);
  });
});

describe('a cluster IP', () => {
  let cluster: TestCluster;
  let upstream: Server;
  beforeAll(async () => {
    cluster = await TestCluster.start();
    // Answers only when the caller has ended its half of the connection.
    upstream = createServer({ allowHalfOpen: true }, (socket) => {
      let said = '';
      socket.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
      socket.on('end', () => socket.end(`heard ${said}`));
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    await cluster.destroy();
    upstream.close();
  });

  const makeService = (name: string, spec: Partial<Service['spec']>): Service =>
    cluster.client.resource<Service>('v1', 'Service').create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: 'default' },
      spec: { ports: [{ port: 7_301 }], ...spec },
    });

  it('passes both halves of a connection on, each to its end', async () => {
    const made = makeService('echo', {});
    cluster.client.resource<EndpointSlice>('discovery.k8s.io/v1', 'EndpointSlice').create({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'echo', namespace: 'default', labels: { 'kubernetes.io/service-name': 'echo' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['127.0.0.1'] }],
      ports: [{ name: '', port: (upstream.address() as AddressInfo).port, protocol: 'TCP' }],
    });
    const ask = async (): Promise<string | undefined> => {
      const socket = connect({ host: made.spec.clusterIP ?? '', port: 7_301, allowHalfOpen: true });
      socket.end('hello');
      return text(socket).catch(() => undefined);
    };
    expect(await eventually(ask)).toBe('heard hello');
  });

  it('that cannot be listened on is told on the Service', async () => {
    const port = (upstream.address() as AddressInfo).port;
    makeService('taken', { clusterIP: '127.0.0.1', ports: [{ port }] });
    const [message] = await eventually(
      () => cluster.events('taken', 'ClusterIPNotServed'),
      ({ length }) => length > 0,
    );
    expect(message).toMatch(/^cannot listen on 127\.0\.0\.1:\d+: another process of this machine has it/);
  });
});
