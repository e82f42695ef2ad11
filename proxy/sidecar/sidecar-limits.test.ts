import { describe, expect, it } from 'vitest';
import type { SidecarConfig } from '../../core/sidecar-config.ts';
import { settableFile } from '../testing/pki-fixture.ts';
import { SidecarLimits } from './sidecar-limits.ts';

const rateLimits: SidecarConfig['rateLimits'] = [{ key: 'endpoint', calls: 10, renewalPeriod: 'minute' }];
const fileOf = (config: Partial<SidecarConfig>) =>
  settableFile({
    endpoint: { namespace: 'team-a', name: 'wine', uid: 'u-1' },
    rateLimits,
    appliesLimits: false,
    ...config,
  } as SidecarConfig);

/** Returns how many of 20 calls are let through. */
function admitted(limits: SidecarLimits): number {
  const caller = limits.current?.of({ principal: 'alice', groups: [] }, 0);
  return Array.from({ length: 20 }, () => caller?.admit(0, 0)).filter((full) => full === undefined).length;
}

describe('the limits of a sidecar', () => {
  it('are its own where callers come by the gateway, which applies them', () => {
    const limits = new SidecarLimits(fileOf({}));
    expect(limits.shares.report(0)).toBeUndefined();
    expect(admitted(limits)).toBe(10);
  });

  it('are shared with its peers and the gateways where callers reach it directly', () => {
    const limits = new SidecarLimits(fileOf({ appliesLimits: true }));
    expect(limits.shares.report(0)?.pools).toMatchObject([{ pool: 'team-a/wine', isTold: false }]);
    expect(admitted(limits)).toBe(1);
  });

  it('keep their counts when something else in its file changes, and go when the last one does', () => {
    const file = fileOf({ appliesLimits: true });
    const limits = new SidecarLimits(file);
    const { current } = limits;
    file.set({ ...file.current, maxBodyBytes: 1 });
    expect(limits.current).toBe(current);
    file.set({ ...file.current, rateLimits: [] });
    expect(limits.current).toBeUndefined();
    expect(limits.shares.report(0)).toBeUndefined();
  });
});
