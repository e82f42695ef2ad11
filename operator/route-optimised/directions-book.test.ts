import { beforeEach, describe, expect, it } from 'vitest';
import { labels } from '../../crds/schema/api.ts';
import type { RoutedTraffic, ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import type { Pod } from '../../kube/kinds.ts';
import { anEndpoint } from '../../test/support/an-endpoint.ts';
import { aPod } from '../operator-fixture.ts';
import { byDeployment } from '../stores.ts';
import { DirectionsBook } from './directions-book.ts';
import { anInformer } from './store-fixture.ts';
import type { FilledInformer } from './store-fixture.ts';

const routed = (servedEntity: string, percent: number, deployment?: string): RoutedTraffic => ({
  servedEntity,
  percent,
  configVersion: 1,
  ...(deployment === undefined ? {} : { deployment }),
});
const endpoint = (traffic: RoutedTraffic[], routeOptimized = true): ServingEndpoint =>
  anEndpoint('wine')
    .servingModel('models:/wine/1')
    .withSpec({ routeOptimized })
    .withStatus({ traffic })
    .build();
const pod = (name: string, deployment: string, podIP: string, isReady = true): Pod => {
  const made = aPod(name, deployment, {
    podIP,
    conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }],
  });
  const own = { ...made.metadata?.labels, [labels.endpoint]: 'wine' };
  return { ...made, metadata: { ...made.metadata, labels: own } };
};

let endpoints: FilledInformer<ServingEndpoint>;
let pods: FilledInformer<Pod>;
let book: DirectionsBook;
beforeEach(() => {
  endpoints = anInformer<ServingEndpoint>();
  pods = anInformer<Pod>({
    [byDeployment]: ({ metadata }) => [`${metadata?.namespace}/${metadata?.labels?.[labels.deployment]}`],
  });
  book = new DirectionsBook({ endpoints, pods });
});

const directions = () => book.of('default', 'wine');

describe('the directions of an endpoint', () => {
  it('name the entities with their shares, and where each runs', () => {
    endpoints.fill(endpoint([routed('red', 90, 'wine-red'), routed('gpt', 10)]));
    pods.fill(
      pod('b', 'wine-red', '10.0.0.2'),
      pod('a', 'wine-red', '10.0.0.1'),
      pod('c', 'wine-white', '10.0.0.3'),
    );
    expect(directions()?.routes).toEqual([
      {
        servedEntity: 'red',
        percent: 90,
        deployment: 'wine-red',
        pods: [
          { host: '10.0.0.1', port: 8443 },
          { host: '10.0.0.2', port: 8443 },
        ],
      },
      { servedEntity: 'gpt', percent: 10, pods: [] },
    ]);
  });

  it.each<[string, () => Pod]>([
    ['is not ready', () => pod('a', 'wine-red', '10.0.0.1', false)],
    ['has no address yet', () => aPod('a', 'wine-red', { conditions: [{ type: 'Ready', status: 'True' }] })],
    [
      'is going',
      () => {
        const { metadata, ...rest } = pod('a', 'wine-red', '10.0.0.1');
        return { ...rest, metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
      },
    ],
  ])('leave out a pod that %s', (_name, make) => {
    endpoints.fill(endpoint([routed('red', 100, 'wine-red')]));
    pods.fill(make());
    expect(directions()?.routes[0]?.pods).toEqual([]);
  });

  it('are the same ones until pods or traffic change, and then others', () => {
    endpoints.fill(endpoint([routed('red', 100, 'wine-red')]));
    const first = directions();
    expect(directions()).toBe(first);
    pods.fill(pod('a', 'wine-red', '10.0.0.1'));
    const second = directions();
    expect(second?.version).not.toBe(first?.version);
    endpoints.fill(endpoint([routed('red', 50, 'wine-red'), routed('white', 50, 'wine-white')]));
    expect(directions()?.version).not.toBe(second?.version);
  });

  it.each<[string, ServingEndpoint[]]>([
    ['is not there', []],
    ['has callers at gateways alone', [endpoint([routed('red', 100, 'wine-red')], false)]],
  ])('are none for one that %s', (_name, all) => {
    endpoints.fill(...all);
    expect(directions()).toBeUndefined();
  });

  it('end with the endpoint', () => {
    endpoints.fill(endpoint([]));
    expect(directions()?.routes).toEqual([]);
    endpoints.fill();
    expect(directions()).toBeUndefined();
  });
});
