import { beforeEach, describe, expect, it } from 'vitest';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import { aWineEndpoint } from '../testing/cluster-fixture.ts';
import { aTarget, aTrafficMaker } from '../testing/target-fixture.ts';
import { RoutingTable } from './routing-table.ts';

let table: RoutingTable;
beforeEach(() => {
  table = new RoutingTable(
    (namespace, deployment, endpoint) => aTarget({ namespace, deployment, endpoint }),
    aTrafficMaker(),
  );
});

const called = (name: string, publicName?: string, createdAt = '2026-01-01T00:00:00Z'): ServingEndpoint =>
  aWineEndpoint((endpoint) => ({
    ...endpoint,
    metadata: { ...endpoint.metadata, name, uid: `uid-of-${name}`, creationTimestamp: createdAt },
    spec: { ...endpoint.spec, ...(publicName === undefined ? {} : { endpointName: publicName }) },
  }));

describe('RoutingTable', () => {
  it('finds an endpoint in its namespace only', () => {
    table.set(called('wine'));
    expect(table.find('team-a', 'wine')?.label).toBe('team-a/wine');
    expect(table.find('team-b', 'wine')).toBeUndefined();
  });

  it('lets the endpoint that has a name keep it, although another one is really called so', () => {
    const holder = called('other', 'wine', '2026-02-01T00:00:00Z');
    table.set({
      ...holder,
      status: { ...holder.status, url: 'http://x/serving-endpoints/wine/invocations' },
    });
    const refused = called('wine');
    table.set({ ...refused, status: {} });
    expect(table.find('team-a', 'wine')?.name).toBe('other');
    table.remove('team-a', 'other');
    expect(table.find('team-a', 'wine')?.name).toBe('wine');
  });

  it('lets the older of two claims answer, in whatever order they are seen', () => {
    table.set(called('younger', 'Wine', '2026-02-01T00:00:00Z'));
    table.set(called('older', 'Wine', '2026-01-01T00:00:00Z'));
    expect(table.find('team-a', 'Wine')?.name).toBe('older');
  });

  it('forgets the old public name with a change of it', () => {
    table.set(called('wine', 'Red'));
    table.set(called('wine', 'White'));
    expect(table.find('team-a', 'Red')).toBeUndefined();
    expect(table.find('team-a', 'White')?.name).toBe('wine');
  });

  it('keeps routes and counters through changes that do not concern them', () => {
    table.set(called('wine'));
    const before = table.find('team-a', 'wine');
    table.set(
      aWineEndpoint((endpoint) => ({ ...called('wine'), spec: { ...endpoint.spec, description: 'new' } })),
    );
    const after = table.find('team-a', 'wine');
    expect(after?.split).toBe(before?.split);
    expect(after?.entities).toBe(before?.entities);
    expect(after?.quota).toBe(before?.quota);
  });

  it('starts counters anew for an endpoint that was deleted and made again', () => {
    table.set(called('wine'));
    const before = table.find('team-a', 'wine');
    const again = called('wine');
    table.set({ ...again, metadata: { ...again.metadata, uid: 'another' } });
    expect(table.find('team-a', 'wine')?.quota).not.toBe(before?.quota);
  });

  it('names the Deployments that traffic goes to', () => {
    table.set(called('wine'));
    expect([...table.deploymentsInUse()]).toEqual(['team-a/wine-0123456789']);
    table.remove('team-a', 'wine');
    expect(table.deploymentsInUse().size).toBe(0);
  });
});
