/** Owns the tests of what is reported of the store of limits: of whom, in which words, and that health is another matter. */
import { describe, expect, it } from 'vitest';
import type { StoreState } from '../../core/quota/store-book.ts';
import type { ServingEndpoint, ServingEndpointStatus } from '../../crds/schema/serving-endpoint.ts';
import { argoHealthOf, kstatusOf } from '../../test/support/kstatus.ts';
import { eventsOf } from './events.ts';
import { iris, now, one, reconciled, revisions, told } from './phases-fixture.ts';
import { byName, deploymentFor } from './snapshot-fixture.ts';

const rateLimits = [{ key: 'endpoint', calls: 10, renewalPeriod: 'minute' } as const];
const limited = iris(1).withSpec({ rateLimits });
const deployments = byName(deploymentFor(one, 'iris-1'));
const up: StoreState = { is: 'up' };
const down: StoreState = { is: 'down', gateways: 'all' };

const reconciledWith = (endpoint: ServingEndpoint, limitStore: StoreState | undefined, at = now) =>
  reconciled(endpoint, { deployments, limitStore, revisions: revisions.slice(0, 1) }, { at });
const messageOf = ({ conditions = [] }: ServingEndpointStatus): string | undefined =>
  conditions.find(({ type }) => type === 'LimitsExact')?.message;
/** The endpoint as it is once that has been reported. */
const after = (limitStore: StoreState): ServingEndpoint =>
  reconciledWith(limited.build(), limitStore).endpoint;

describe('the condition LimitsExact', () => {
  it.each<[string, ServingEndpoint, StoreState | undefined, string | undefined]>([
    ['holds while the store answers every gateway', limited.build(), up, 'True StoreReachable'],
    ['does not hold while it answers none', limited.build(), down, 'False StoreUnavailable'],
    [
      'does not hold while it does not answer one of them',
      limited.build(),
      { is: 'down', gateways: ['gateway-1'] },
      'False StoreUnavailable',
    ],
    ['is absent where there is no store', limited.build(), { is: 'unknown' }, undefined],
    ['is absent while nothing was ever clear', limited.build(), undefined, undefined],
    ['stays while a new leader has been told nothing yet', after(down), undefined, 'False StoreUnavailable'],
    ['goes when the store has gone from the configuration', after(down), { is: 'unknown' }, undefined],
    ['comes back to True', after(down), up, 'True StoreReachable'],
    ['is absent without limits', iris(1).build(), down, undefined],
    ['is absent with an empty list of limits', iris(1).withSpec({ rateLimits: [] }).build(), down, undefined],
    [
      'is absent where limits are always shared',
      limited.withSpec({ routeOptimized: true }).build(),
      down,
      undefined,
    ],
    [
      'goes with the limits, even while nothing is clear',
      { ...after(up), spec: iris(1).build().spec },
      undefined,
      undefined,
    ],
    [
      'is told of an endpoint that is stopped as well',
      limited.withSpec({ suspended: true }).build(),
      down,
      'False StoreUnavailable',
    ],
  ])('%s', (_name, endpoint, store, expected) => {
    expect(told(reconciledWith(endpoint, store).status)['LimitsExact']).toBe(expected);
  });

  it('names the gateways, what it means and what to do', () => {
    const message = messageOf(
      reconciledWith(limited.build(), { is: 'down', gateways: ['gw-a', 'gw-b'] }).status,
    );
    expect(message).toMatch(/does not answer gw-a, gw-b: nobody is refused .* gives out its share/);
    expect(message).toMatch(/have the Redis or Valkey server looked at/);
    expect(messageOf(reconciledWith(limited.build(), down).status)).toContain('answers no gateway');
  });

  it('names no more than five of them', () => {
    const gateways = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((letter) => `gw-${letter}`);
    const { status } = reconciledWith(limited.build(), { is: 'down', gateways });
    expect(messageOf(status)).toContain('gw-a, gw-b, gw-c, gw-d, gw-e and 2 more:');
  });

  it.each([
    ['up', up],
    ['down', down],
  ])('causes no write while the store stays %s', (_name, store) => {
    const endpoint = after(store);
    expect(reconciledWith(endpoint, store, now + 60_000).status).toEqual(endpoint.status);
    expect(reconciledWith(endpoint, undefined, now + 60_000).status).toEqual(endpoint.status);
  });

  it('leaves Ready, kstatus and Argo CD alone, and is no event', () => {
    const [before, endpoint] = [after(up), reconciledWith(after(up), down).endpoint];
    const ready = ({ status }: ServingEndpoint) => status?.conditions?.find(({ type }) => type === 'Ready');
    expect(ready(endpoint)).toEqual(ready(before));
    expect(Object.keys(told(endpoint.status!))).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/Stalled|Reconciling/)]),
    );
    expect([kstatusOf(endpoint), argoHealthOf(endpoint)]).toEqual(['Current', 'Healthy']);
    expect(eventsOf(before.status, endpoint.status!)).toEqual([]);
  });
});
