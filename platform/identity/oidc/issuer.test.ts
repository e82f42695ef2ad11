/** Owns the proof of which tokens of an issuer are taken, and what becomes of them as its keys come and go. */
import { generateKeyPair, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../clock.ts';
import { makeLogger } from '../../logging.ts';
import { parseToken } from '../jwt.ts';
import { startTestIssuer } from './issuer-fixture.ts';
import type { TestIssuer } from './issuer-fixture.ts';
import { issuerSchema } from './issuer-config.ts';
import type { IssuerConfig } from './issuer-config.ts';
import { startIssuer } from './issuer.ts';
import type { Issuer } from './issuer.ts';

let server: TestIssuer;
let issuer: Issuer | undefined;
let laterMs: number;
beforeEach(async () => {
  laterMs = 0;
  server = await startTestIssuer();
  await server.addKey('one');
});
afterEach(async () => {
  issuer?.stop();
  issuer = undefined;
  await server.stop();
});

/** Time goes on as it does, and the test may leap forward. */
const clock: Clock = {
  now: () => Date.now() + laterMs,
  monotonic: () => performance.now() + laterMs,
};

function start(more: Partial<IssuerConfig> = {}): Issuer {
  const { url, caFile } = server;
  issuer = startIssuer({
    issuer: issuerSchema.parse({ url, caFile, audiences: ['other', 'fairlead'], ...more }),
    clock,
    log: makeLogger({ process: 'test', level: 'silent' }),
  });
  return issuer;
}

const called = (name: string) => ({ name: `${server.url}#${name}` });
const fetches = (): number => server.asked.filter((path) => path === '/keys').length;

describe('a token', () => {
  it('of the issuer makes its subject known', async () => {
    const token = await server.sign({ sub: 'alice' });
    expect(await start().check(token)).toEqual({
      name: `${server.url}#alice`,
      groups: ['system:authenticated'],
    });
  });

  it('is for the issuer to judge that it names, and for no other', async () => {
    const one = start();
    const own = parseToken(await server.sign({ sub: 'alice' }))!;
    const foreign = parseToken(await server.sign({ sub: 'alice' }, { issuer: `${server.url}/` }))!;
    expect([one.speaksFor(own), one.speaksFor(foreign)]).toEqual([true, false]);
  });

  it.each<[string, () => Promise<string>]>([
    ['that is over', () => server.sign({ sub: 'alice' }, { expiresIn: '-1m' })],
    ['that is not yet', () => server.sign({ sub: 'alice', nbf: Math.floor(Date.now() / 1000) + 60 })],
    ['without an end', () => server.sign({ sub: 'alice' }, { expiresIn: null })],
    ['for somebody else', () => server.sign({ sub: 'alice' }, { audience: 'elsewhere' })],
    ['of another issuer', () => server.sign({ sub: 'alice' }, { issuer: 'https://elsewhere.example' })],
    ['without a name', () => server.sign({})],
    ['that somebody else signed', signedByStranger],
    ['that nobody signed', unsigned],
    ['that somebody signed with what is public', signedWithPublicKey],
  ])('%s is refused', async (_name, make) => {
    const token = await make();
    expect(await start().check(token)).toBe('invalid');
  });

  it('with a signature that is not taken is refused', async () => {
    await server.addKey('two', 'ES384');
    const token = await server.sign({ sub: 'alice' }, { kid: 'two' });
    expect(await start().check(token)).toBe('invalid');
    issuer?.stop();
    expect(await start({ algorithms: ['ES384'] }).check(token)).toMatchObject(called('alice'));
  });

  it.each([
    ['a moment ago counts while clocks may differ so much', '-10s', 'object'],
    ['longer ago does not', '-40s', 'string'],
  ])('that ended %s', async (_name, expiresIn, type) => {
    expect(typeof (await start().check(await server.sign({ sub: 'alice' }, { expiresIn })))).toBe(type);
  });

  it('that names no key is tried with each', async () => {
    server.removeKey('one');
    await server.addKey(null);
    const first = await server.sign({ sub: 'alice' });
    await server.addKey(null);
    const second = await server.sign({ sub: 'bob' });
    const one = start();
    expect(await one.check(first)).toMatchObject(called('alice'));
    expect(await one.check(second)).toMatchObject(called('bob'));
    expect(await one.check(await signedByStranger())).toBe('invalid');
  });
});

describe('the keys', () => {
  it('are fetched once for all tokens', async () => {
    const one = start();
    const tokens = await Promise.all(['a', 'b', 'c'].map((sub) => server.sign({ sub })));
    await Promise.all(tokens.map((token) => one.check(token)));
    expect(fetches()).toBe(1);
  });

  it('that are new are found by the first token that names them', async () => {
    const one = start();
    await one.check(await server.sign({ sub: 'alice' }));
    await server.addKey('two');
    laterMs = 60_000;
    expect(await one.check(await server.sign({ sub: 'alice' }))).toMatchObject(called('alice'));
    expect(fetches()).toBe(2);
  });

  it('are not fetched for each token with a key that nobody has', async () => {
    const one = start();
    await one.check(await server.sign({ sub: 'alice' }));
    laterMs = 60_000;
    for (let count = 0; count < 3; count += 1) {
      const token = await signedByStranger(`made up ${count}`);
      expect(await one.check(token)).toBe('invalid');
    }
    expect(fetches()).toBe(2);
  });

  it('that are withdrawn no longer count after the next look', async () => {
    const one = start();
    const old = await server.sign({ sub: 'alice' });
    await one.check(old);
    await server.addKey('two');
    server.removeKey('one');
    laterMs = 60_000;
    await one.check(await server.sign({ sub: 'bob' }));
    laterMs = 120_000;
    expect(await one.check(old)).toBe('invalid');
  });

  it('stay in use for a day while the issuer is away', async () => {
    const one = start();
    await one.check(await server.sign({ sub: 'alice' }));
    server.documents = undefined;
    laterMs = 23 * 3_600_000;
    const token = await server.sign({ sub: 'alice' }, { expiresIn: '48h' });
    expect(await one.check(token)).toMatchObject(called('alice'));
    laterMs = 25 * 3_600_000;
    expect(await one.check(token)).toBe('unavailable');
  });

  it.each<[string, () => unknown]>([
    ['the issuer is away', () => (server.documents = undefined)],
    ['it tells no keys', () => (server.documents!['/keys'] = { keys: 'none' })],
    ['it tells no place of keys', () => (server.documents!['/.well-known/openid-configuration'] = {})],
    [
      'it says that it is another',
      () =>
        (server.documents!['/.well-known/openid-configuration'] = {
          issuer: 'https://other.example',
          jwks_uri: `${server.url}/keys`,
        }),
    ],
    [
      'its keys are in the open',
      () =>
        (server.documents!['/.well-known/openid-configuration'] = {
          issuer: server.url,
          jwks_uri: 'http://127.0.0.1/keys',
        }),
    ],
    [
      'it tells more than anybody reads',
      () => (server.documents!['/keys'] = { keys: ['x'.repeat(2_000_000)] }),
    ],
  ])('cannot be had when %s, and nobody is let in unchecked; it is tried again', async (_name, breakIt) => {
    const token = await server.sign({ sub: 'alice' });
    const { documents } = server;
    const whole = structuredClone(documents!);
    breakIt();
    const one = start();
    expect(await one.check(token)).toBe('unavailable');
    server.documents = whole;
    laterMs = 3_000;
    expect(await one.check(token)).toMatchObject(called('alice'));
  });

  it('may be told by a place of their own', async () => {
    const token = await server.sign({ sub: 'alice' });
    delete server.documents!['/.well-known/openid-configuration'];
    expect(await start({ keysUrl: `${server.url}/keys` }).check(token)).toMatchObject(called('alice'));
  });

  it('are not taken from a server that nobody vouches for', async () => {
    const token = await server.sign({ sub: 'alice' });
    expect(await start({ caFile: undefined }).check(token)).toBe('unavailable');
  });
});

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const hour = (): number => Math.floor(Date.now() / 1000) + 3_600;
const claims = () => ({ iss: server.url, aud: 'fairlead', sub: 'alice', exp: hour() });

async function signedByStranger(kid = 'one'): Promise<string> {
  const { privateKey } = await generateKeyPair('ES256');
  return new SignJWT(claims()).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey);
}

function unsigned(): Promise<string> {
  return Promise.resolve(`${encode({ alg: 'none', kid: 'one' })}.${encode(claims())}.AA`);
}

async function signedWithPublicKey(): Promise<string> {
  const { keys } = server.documents!['/keys'] as { keys: object[] };
  const secret = Buffer.from(JSON.stringify(keys[0]));
  return new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(secret);
}
