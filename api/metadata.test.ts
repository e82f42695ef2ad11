/** Owns the proof of what clients can look up at the api, and that it answers gateways alone. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../platform/clock.ts';
import { aKey, aWine, published, publicUrl, startApiUnderTest } from './api-fixture.ts';
import type { ApiUnderTest } from './api-fixture.ts';
import { parseDataPlaneKeys } from './oidc/data-plane-keys.ts';

const one = aKey('one');
const two = aKey('two');

let t: ApiUnderTest;
beforeEach(async () => {
  const keys = { signing: one.signing, published: published(one) };
  t = await startApiUnderTest({ endpoints: [aWine()], keys, clock: systemClock });
});
afterEach(() => t.stop());

describe('what clients look up', () => {
  const get = async (path: string): Promise<unknown> => {
    const answer = await t.ask('GET', path);
    expect(answer.status).toBe(200);
    return answer.json;
  };

  it('begins at the address of the gateway', async () => {
    expect(await get('/.well-known/databricks-config')).toEqual({ oidc_endpoint: `${publicUrl}/oidc` });
    for (const path of ['oauth-authorization-server', 'openid-configuration']) {
      expect(await get(`/oidc/.well-known/${path}`)).toMatchObject({
        issuer: `${publicUrl}/oidc`,
        token_endpoint: `${publicUrl}/oidc/v1/token`,
        authorization_endpoint: `${publicUrl}/oidc/v1/authorize`,
        jwks_uri: `${publicUrl}/oidc/.well-known/jwks.json`,
      });
    }
  });

  it('leads to the public keys, as they are now', async () => {
    expect(await get('/oidc/.well-known/jwks.json')).toEqual({ keys: [one.jwk] });
    t.keys.set(parseDataPlaneKeys(one.signing, published(two, one)));
    expect(await get('/oidc/.well-known/jwks.json')).toEqual({ keys: [two.jwk, one.jwk] });
  });

  it('offers no log-in', async () => {
    expect(await t.ask('GET', '/oidc/v1/authorize')).toMatchObject({
      status: 400,
      json: { error: 'invalid_request' },
    });
  });

  it.each([
    ['GET', '/nothing'],
    ['GET', '/oidc/v1/token'],
    ['POST', '/oidc/.well-known/jwks.json'],
  ])('is not at %s %s', async (method, path) => {
    expect(await t.ask(method, path)).toMatchObject({
      status: 404,
      json: { error_code: 'ENDPOINT_NOT_FOUND' },
    });
  });
});

describe('the port', () => {
  it('answers gateways alone', async () => {
    await expect(
      t.ask('GET', '/oidc/.well-known/jwks.json', { identity: 'fairlead-operator' }),
    ).rejects.toThrow();
  });
});

describe('keys', () => {
  it.each([
    ['that are not published', one.signing, published(two)],
    ['that are none', '{}', published(one)],
    ['with a private part', one.signing, JSON.stringify({ keys: [{ ...one.jwk, d: 'x' }] })],
  ])('%s are not used', (_name, signing, keys) => {
    expect(() => parseDataPlaneKeys(signing, keys)).toThrow(
      expect.objectContaining({ code: 'DATA_PLANE_KEYS_INVALID' }),
    );
  });
});
