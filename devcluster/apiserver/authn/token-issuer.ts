/** Owns the tokens of service accounts: JWTs that this server signs and verifies, bound to objects that must live. */
import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, importJWK, jwtVerify, SignJWT, calculateJwkThumbprint } from 'jose';
import type { JWK } from 'jose';
import type { Clock } from '../../../platform/clock.ts';
import { notFound } from '../errors/api-error.ts';
import { isObject, objectAt } from '../objects/kube-object.ts';
import type { JsonObject } from '../objects/kube-object.ts';
import type { UserInfo } from '../pipeline/request-context.ts';
import type { ObjectStore } from '../storage/object-store.ts';

export const tokenIssuer = 'https://kubernetes.default.svc';
const algorithm = 'ES256';
const defaultLifetimeSeconds = 3_600;
const minLifetimeSeconds = 600;
const maxLifetimeSeconds = 24 * 3_600;

export interface ServiceAccountTokenRequest {
  readonly namespace: string;
  readonly name: string;
  readonly audiences?: readonly string[];
  /** Default one hour. */
  readonly expirationSeconds?: number;
  /** Binds the token to a pod: it ends with the pod. */
  readonly pod?: { readonly name: string; readonly uid: string };
}

export interface VerifiedToken {
  readonly user: UserInfo;
  readonly audiences: readonly string[];
}

export interface TokenIssuer {
  /** @throws ApiError 404 where the account, or the pod that the token shall be bound to, does not exist. */
  issue(request: ServiceAccountTokenRequest): Promise<{ readonly token: string; readonly expiresAt: number }>;
  /** Returns undefined where the token is not ours, has ended, or what it is bound to is gone. */
  verify(token: string): Promise<VerifiedToken | undefined>;
  /** The public key set, for who verifies offline. */
  readonly publicKeys: { readonly keys: readonly JWK[] };
}

/** Returns a new signing key in the form that `makeTokenIssuer` takes and the state directory keeps. */
export async function makeSigningKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return exportJWK(privateKey);
}

export async function makeTokenIssuer(key: JWK, store: ObjectStore, clock: Clock): Promise<TokenIssuer> {
  const privateKey = await importJWK(key, algorithm);
  const { d: _private, ...publicJwk } = key;
  const kid = await calculateJwkThumbprint(publicJwk);
  const publicKey = await importJWK(publicJwk, algorithm);
  return {
    publicKeys: { keys: [{ ...publicJwk, kid, alg: algorithm, use: 'sig' }] },
    issue: async (request) => {
      const now = Math.floor(clock.now() / 1_000);
      const wanted = request.expirationSeconds ?? defaultLifetimeSeconds;
      const expires = now + Math.min(Math.max(wanted, minLifetimeSeconds), maxLifetimeSeconds);
      const token = await new SignJWT({ 'kubernetes.io': boundObjects(store, request) })
        .setProtectedHeader({ alg: algorithm, kid })
        .setIssuer(tokenIssuer)
        .setSubject(`system:serviceaccount:${request.namespace}:${request.name}`)
        .setAudience([...(request.audiences ?? [tokenIssuer])])
        .setIssuedAt(now)
        .setNotBefore(now)
        .setExpirationTime(expires)
        .setJti(randomUUID())
        .sign(privateKey);
      return { token, expiresAt: expires * 1_000 };
    },
    verify: async (token) => {
      const options = { issuer: tokenIssuer, algorithms: [algorithm], currentDate: new Date(clock.now()) };
      const claims = await jwtVerify(token, publicKey, options).then(
        ({ payload }) => payload,
        // Whatever is wrong with a token, its bearer is nobody.
        () => undefined,
      );
      if (claims === undefined) return undefined;
      const bound = isObject(claims['kubernetes.io']) ? claims['kubernetes.io'] : {};
      const user = userOf(store, bound, claims.jti);
      const audiences = typeof claims.aud === 'string' ? [claims.aud] : (claims.aud ?? []);
      return user === undefined ? undefined : { user, audiences };
    },
  };
}

function boundObjects(store: ObjectStore, request: ServiceAccountTokenRequest): JsonObject {
  const { namespace, name, pod } = request;
  const account = store.get('serviceaccounts', namespace, name);
  if (account === undefined) throw notFound({ group: '', plural: 'serviceaccounts' }, name);
  const bound: JsonObject = { namespace, serviceaccount: { name, uid: account.metadata.uid } };
  if (pod === undefined) return bound;
  const live = store.get('pods', namespace, pod.name);
  if (live === undefined || (pod.uid !== '' && live.metadata.uid !== pod.uid)) {
    throw notFound({ group: '', plural: 'pods' }, pod.name);
  }
  return { ...bound, pod: { name: pod.name, uid: live.metadata.uid } };
}

function userOf(store: ObjectStore, bound: JsonObject, tokenId: string | undefined): UserInfo | undefined {
  const namespace = String(bound['namespace']);
  const account = objectAt(bound, 'serviceaccount');
  const pod = bound['pod'];
  const isLive = (storage: string, reference: JsonObject): boolean =>
    store.get(storage, namespace, String(reference['name']))?.metadata.uid === reference['uid'];
  if (!isLive('serviceaccounts', account) || (isObject(pod) && !isLive('pods', pod))) return undefined;
  const key = 'authentication.kubernetes.io';
  return {
    username: `system:serviceaccount:${namespace}:${String(account['name'])}`,
    uid: String(account['uid']),
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    extra: {
      ...(tokenId === undefined ? {} : { [`${key}/credential-id`]: [`JTI=${tokenId}`] }),
      ...(isObject(pod)
        ? { [`${key}/pod-name`]: [String(pod['name'])], [`${key}/pod-uid`]: [String(pod['uid'])] }
        : {}),
    },
  };
}
