/** Owns the tests of what is reported of the way to the sidecars of a route-optimised endpoint. */
import { describe, expect, it } from 'vitest';
import { entityReasons } from '../../crds/schema/reasons.ts';
import type { DirectState } from '../route-optimised/reconcile-direct.ts';
import { iris, one, reconciled, told } from './phases-fixture.ts';
import { byName, deploymentFor } from './snapshot-fixture.ts';

const endpoint = iris(1).withSpec({ routeOptimized: true }).build();
const deployments = byName(deploymentFor(one, 'iris-1'));
const url = 'https://iris.default.svc/invocations';
const reachable: DirectState = { url, problem: undefined, awaitsCertificate: false, againInMs: undefined };
const notOwned = { reason: entityReasons.notOwned, message: 'services "iris" belongs to somebody else' };
const leftOver = { reason: entityReasons.waitingForCleanup, message: 'services "iris" is going' };

describe('what is reported of a route-optimised endpoint (kstatus)', () => {
  it.each<[string, Partial<DirectState>, Record<string, string>, string[]]>([
    ['whose Service stands', {}, { DirectAccess: 'True ServiceReady' }, ['Stalled', 'Reconciling']],
    [
      'that waits for the certificate of gateways',
      { awaitsCertificate: true },
      { DirectAccess: 'False CertificatePending' },
      ['Stalled', 'Reconciling'],
    ],
    [
      'whose Service belongs to somebody else',
      { problem: notOwned },
      { DirectAccess: 'False NotOwned', Stalled: 'True NotOwned' },
      ['Reconciling'],
    ],
    [
      'that waits for what an earlier one left',
      { problem: leftOver },
      { DirectAccess: 'False WaitingForCleanup', Reconciling: 'True Progressing' },
      ['Stalled'],
    ],
  ])('%s', (_name, change, conditions, absent) => {
    const { status } = reconciled(endpoint, { deployments }, { direct: { ...reachable, ...change } });
    expect(told(status)).toMatchObject({ Ready: 'True Serving', ...conditions });
    for (const type of absent) expect(told(status)).not.toHaveProperty(type);
    expect(status.dataPlane).toEqual({ url });
  });
});
