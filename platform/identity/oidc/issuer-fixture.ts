/** Owns an OpenID Connect issuer for tests: a real HTTPS server on loopback, with keys that the test changes. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { CryptoKey, JWK } from 'jose';
import { issueCertificate, makeAuthority } from '../../tls/authority.ts';
import type { KeyPair } from '../../tls/authority.ts';

export interface TestIssuer {
  readonly url: string;
  /** Authority of its server's certificate. */
  readonly caFile: string;
  /** Paths that were asked for. */
  readonly asked: string[];
  /** What documents it tells; undefined: it answers 500. */
  documents: Record<string, unknown> | undefined;
  /** Adds a key that is told from now on and signs; `kid` null: it has no name. */
  addKey(kid: string | null, alg?: string): Promise<void>;
  removeKey(kid: string): void;
  sign(claims: Record<string, unknown>, options?: SignOptions): Promise<string>;
  stop(): Promise<void>;
}

interface SignOptions {
  /** Default: the newest key. */
  readonly kid?: string;
  /** `null`: never. */
  readonly expiresIn?: string | null;
  readonly audience?: string;
  readonly issuer?: string;
}

interface TestKey {
  readonly kid: string | null;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

const hourMs = 3_600_000;

/** Starts an issuer without a key. */
export async function startTestIssuer(): Promise<TestIssuer> {
  const { authority, pair } = await makeServerCertificate();
  const directory = await mkdtemp(join(tmpdir(), 'fairlead-issuer-'));
  const caFile = join(directory, 'ca.crt');
  await writeFile(caFile, authority.certificatePem);
  const asked: string[] = [];
  const keys: TestKey[] = [];
  const server = createServer({ cert: pair.certificatePem, key: pair.privateKeyPem }, (request, response) => {
    const path = request.url ?? '/';
    asked.push(path);
    const document = issuer.documents?.[path];
    response.writeHead(issuer.documents === undefined ? 500 : document === undefined ? 404 : 200);
    response.end(JSON.stringify(document ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const tellKeys = (): void => {
    issuer.documents = {
      '/.well-known/openid-configuration': { issuer: url, jwks_uri: `${url}/keys` },
      '/keys': { keys: keys.map(({ publicJwk }) => publicJwk) },
    };
  };
  const issuer: TestIssuer = {
    url,
    caFile,
    asked,
    documents: undefined,
    addKey: async (kid, alg = 'ES256') => {
      keys.unshift(await makeKey(kid, alg));
      tellKeys();
    },
    removeKey: (kid) => {
      const index = keys.findIndex((key) => key.kid === kid);
      keys.splice(index, 1);
      tellKeys();
    },
    sign: (claims, options = {}) => {
      const key = keys.find(({ kid }) => options.kid === undefined || kid === options.kid);
      if (key === undefined) throw new Error('the issuer has no such key');
      return signWith(key, claims, { issuer: url, ...options });
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true });
    },
  };
  return issuer;
}

async function makeServerCertificate(): Promise<{ authority: KeyPair; pair: KeyPair }> {
  const times = { now: Date.now(), validMs: hourMs };
  const authority = await makeAuthority({ commonName: 'authority of the issuer', ...times });
  const pair = await issueCertificate(authority, {
    commonName: 'issuer',
    ipAddresses: ['127.0.0.1'],
    usages: ['server'],
    ...times,
  });
  return { authority, pair };
}

async function makeKey(kid: string | null, alg: string): Promise<TestKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg);
  const publicJwk = { ...(await exportJWK(publicKey)), ...(kid === null ? {} : { kid }) };
  return { kid, alg, privateKey, publicJwk };
}

function signWith(
  key: TestKey,
  claims: Record<string, unknown>,
  { expiresIn = '1h', audience = 'fairlead', issuer }: SignOptions & { readonly issuer: string },
): Promise<string> {
  const token = new SignJWT(claims)
    .setProtectedHeader({ alg: key.alg, ...(key.kid === null ? {} : { kid: key.kid }) })
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt();
  return (expiresIn === null ? token : token.setExpirationTime(expiresIn)).sign(key.privateKey);
}
