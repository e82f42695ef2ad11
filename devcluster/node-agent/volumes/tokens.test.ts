import { describe, expect, it } from 'vitest';
import { aPod } from '../../controllers/objects/object-builders.ts';
import type { PodTokenRequest } from '../node-api.ts';
import { PodTokens } from './tokens.ts';

const hour = 3_600_000;
const volume = {
  name: 'v',
  projected: {
    sources: [
      { serviceAccountToken: { path: 'token', expirationSeconds: 3_600 } },
      { configMap: { name: 'c' } },
    ],
  },
};

function makeTokens(now: () => number) {
  const requests: PodTokenRequest[] = [];
  const tokens = new PodTokens((request) => {
    requests.push(request);
    return Promise.resolve({ token: `token-${requests.length}`, expiresAt: now() + hour });
  });
  return { tokens, requests };
}

describe('the token of a pod', () => {
  it('is asked for in the name of its service account, bound to the pod', async () => {
    const { tokens, requests } = makeTokens(() => 0);
    const pod = aPod('web', { spec: { serviceAccountName: 'runner' } });
    expect(await tokens.of(pod, volume, 0)).toEqual(new Map([['token', 'token-1']]));
    expect(requests).toEqual([
      {
        namespace: 'default',
        name: 'runner',
        pod: { name: 'web', uid: 'uid-web' },
        expirationSeconds: 3_600,
      },
    ]);
  });

  it('is asked for again after four fifths of its life', async () => {
    let now = 0;
    const { tokens } = makeTokens(() => now);
    await tokens.of(aPod('web'), volume, now);
    expect(tokens.refreshAt).toBe(0.8 * hour);
    now = 0.8 * hour - 1;
    expect((await tokens.of(aPod('web'), volume, now)).get('token')).toBe('token-1');
    now = 0.8 * hour;
    expect((await tokens.of(aPod('web'), volume, now)).get('token')).toBe('token-2');
  });

  it('is used to its end where it cannot be renewed, and asked for every ten seconds', async () => {
    let fails = false;
    let asked = 0;
    const tokens = new PodTokens(() => {
      asked += 1;
      return fails ? Promise.reject(new Error('away')) : Promise.resolve({ token: 'old', expiresAt: hour });
    });
    await tokens.of(aPod('web'), volume, 0);
    fails = true;
    expect((await tokens.of(aPod('web'), volume, 0.8 * hour)).get('token')).toBe('old');
    expect(tokens.refreshAt).toBe(0.8 * hour + 10_000);
    await tokens.of(aPod('web'), volume, 0.8 * hour + 9_999);
    expect(asked).toBe(2);
    await expect(tokens.of(aPod('web'), volume, hour)).rejects.toThrow('away');
    expect(tokens.refreshAt).toBe(hour + 10_000);
  });

  it('is not there where the API refuses it', async () => {
    const tokens = new PodTokens(() => Promise.reject(new Error('serviceaccounts "default" not found')));
    await expect(tokens.of(aPod('web'), volume, 0)).rejects.toThrow('not found');
    expect(tokens.refreshAt).toBeUndefined();
  });
});
