import { describe, expect, it } from 'vitest';
import { aWrite, entity } from './admission-fixture.ts';
import { checkAccess } from './check-access.ts';
import type { Access, MayAccess } from './subject-access.ts';

const withSecrets = (...names: string[]) => ({
  servedEntities: [
    entity('a', { env: names.map((name) => ({ name, valueFrom: { secretKeyRef: { name, key: 'k' } } })) }),
  ],
});
const withPod = (spec: object) => ({ servedEntities: [entity('a', { template: { spec } })] });

/** Allows what is listed as `verb resource[/name][@namespace]`, and notes what was asked. */
function granting(...granted: string[]): { mayAccess: MayAccess; asked: string[] } {
  const asked: string[] = [];
  const textOf = ({ verb, resource, name, namespace }: Access): string =>
    `${verb} ${resource}${name === undefined ? '' : `/${name}`}@${namespace}`;
  return {
    asked,
    mayAccess: (_user, access) => {
      asked.push(textOf(access));
      return Promise.resolve(granted.includes(textOf(access)));
    },
  };
}

const rows: [sentence: string, spec: object, granted: string[], refusal: RegExp | undefined][] = [
  ['a spec without references is nobody’s concern', withSecrets(), [], undefined],
  ['who may read the Secret may serve with it', withSecrets('s'), ['get secrets/s@team'], undefined],
  [
    'who may not is told the field, the Secret and the remedy',
    withSecrets('s'),
    [],
    /^spec\.servedEntities\[0\]\.env\[0\]\.valueFrom\.secretKeyRef: user "jane" in namespace "team" may not read the Secret "s".*ask for the right/,
  ],
  ['one of two is not enough', withSecrets('s', 't'), ['get secrets/s@team'], /Secret "t"/],
  ['who may read all may serve with each', withSecrets('s', 't'), ['get secrets@team'], undefined],
  [
    'who may create pods may run them as any account',
    withPod({ serviceAccountName: 'robot' }),
    ['create pods@team'],
    undefined,
  ],
  [
    'who may impersonate an account may run pods as it',
    withPod({ serviceAccountName: 'robot' }),
    ['impersonate serviceaccounts/robot@team'],
    undefined,
  ],
  [
    'others may not',
    withPod({ serviceAccountName: 'robot' }),
    [],
    /may not run pods with the service account "robot"/,
  ],
  [
    'a token of whatever account is for those who may create pods',
    withPod({ automountServiceAccountToken: true }),
    ['impersonate serviceaccounts/default@team'],
    /the token of a service account/,
  ],
];

describe('checkAccess', () => {
  it.each(rows)('%s', async (_sentence, spec, granted, message) => {
    const verdict = await checkAccess(aWrite(spec), granting(...granted).mayAccess);
    if (message === undefined) expect(verdict).toEqual({ allowed: true });
    else {
      expect(verdict).toMatchObject({ allowed: false, code: 403, reason: 'Forbidden' });
      expect((verdict as { message: string }).message).toMatch(message);
    }
  });

  it('asks once about a Secret that is named often', async () => {
    const { mayAccess, asked } = granting('get secrets/s@team');
    await checkAccess(aWrite(withSecrets('s', 's')), mayAccess);
    expect(asked).toEqual(['get secrets/s@team']);
  });

  it('does not ask hundreds of questions for one write', async () => {
    const { mayAccess, asked } = granting('get secrets@team');
    const names = (count: number) => Array.from({ length: count }, (_, index) => `s${index}`);
    expect(await checkAccess(aWrite(withSecrets(...names(256))), mayAccess)).toEqual({ allowed: true });
    asked.length = 0;
    const verdict = await checkAccess(aWrite(withSecrets(...names(257))), mayAccess);
    expect(verdict).toMatchObject({
      code: 422,
      message: expect.stringContaining('257 Secrets and service accounts, and 256 are the most') as string,
    });
    expect(asked).toEqual([]);
  });

  it('refuses when nobody can tell, and never lets it pass', async () => {
    const mayAccess: MayAccess = () => Promise.reject(new Error('connection refused'));
    expect(await checkAccess(aWrite(withSecrets('s')), mayAccess)).toMatchObject({
      allowed: false,
      code: 503,
      message: expect.stringMatching(/cannot be found out.*try again \(connection refused\)/) as string,
    });
  });
});
