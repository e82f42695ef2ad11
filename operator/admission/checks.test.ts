/** Owns the tests of the rules that need no question: creator, name, limits. */
import { describe, expect, it } from 'vitest';
import { aConfig } from '../operator-fixture.ts';
import { aWrite } from './admission-fixture.ts';
import { checkLimits } from './check-limits.ts';
import { checkName } from './check-name.ts';
import { checkCreator, noteCreator } from './creator.ts';

const creator = (name: string) => ({ 'serving.fairlead.dev/creator': name });
const path = '/metadata/annotations/serving.fairlead.dev~1creator';
const spec = { description: 'new' };
const old = { description: 'old' };

describe('noteCreator', () => {
  it.each<[string, Parameters<typeof aWrite>, object[] | undefined]>([
    ['notes who creates', [spec, undefined, { annotations: {} }], [{ op: 'add', path, value: 'jane' }]],
    [
      'makes room for the note',
      [spec],
      [
        { op: 'add', path: '/metadata/annotations', value: {} },
        { op: 'add', path, value: 'jane' },
      ],
    ],
    [
      'does not believe the manifest',
      [spec, undefined, { annotations: creator('bob') }],
      [{ op: 'add', path, value: 'jane' }],
    ],
    ['changes nothing the second time', [spec, undefined, { annotations: creator('jane') }], undefined],
    [
      'puts back what a replace leaves out',
      [spec, old, { annotations: {}, oldAnnotations: creator('ann') }],
      [{ op: 'add', path, value: 'ann' }],
    ],
    [
      'leaves a change to be refused',
      [spec, old, { annotations: creator('bob'), oldAnnotations: creator('ann') }],
      undefined,
    ],
    ['makes up nobody for an endpoint from before', [spec, old], undefined],
  ])('%s', (_sentence, write, patch) => {
    expect(noteCreator(aWrite(...write))).toEqual(
      patch === undefined ? { allowed: true } : { allowed: true, patch },
    );
  });
});

describe('checkCreator', () => {
  it.each<[string, Parameters<typeof aWrite>, RegExp | undefined]>([
    [
      'the creator stays',
      [spec, old, { annotations: creator('ann'), oldAnnotations: creator('ann') }],
      undefined,
    ],
    [
      'nobody else takes the place',
      [spec, old, { annotations: creator('bob'), oldAnnotations: creator('ann') }],
      /"ann" created this endpoint/,
    ],
    [
      'nobody claims an endpoint from before',
      [spec, old, { annotations: creator('bob') }],
      /nobody is noted/,
    ],
    [
      'nobody creates in the name of another',
      [spec, undefined, { annotations: creator('bob') }],
      /"jane" created/,
    ],
    ['a creation that was not noted passes', [spec], undefined],
  ])('%s', (_sentence, write, message) => {
    const verdict = checkCreator(aWrite(...write));
    if (message === undefined) expect(verdict).toEqual({ allowed: true });
    else expect(verdict).toMatchObject({ code: 422, message: expect.stringMatching(message) as string });
  });
});

describe('checkName', () => {
  const holders = new Map([
    ['team/Wine', ['wine-a']],
    ['team/iris', ['iris']],
    ['team/rose', ['other']],
  ]);
  const namesakesOf = (namespace: string, name: string) => holders.get(`${namespace}/${name}`) ?? [];

  it.each<[string, Parameters<typeof aWrite>, RegExp | undefined]>([
    ['a free name may be taken', [{ endpointName: 'Free' }], undefined],
    [
      'a name of another endpoint may not',
      [{ endpointName: 'Wine' }],
      /^spec\.endpointName: the public name "Wine" belongs to the ServingEndpoint "wine-a".*choose another one/,
    ],
    [
      'nor where it is the name of the object',
      [{}, undefined, { name: 'rose' }],
      /^metadata\.name: the public name "rose".*set another name in spec\.endpointName/,
    ],
    [
      'a name in another namespace is another name',
      [{ endpointName: 'Wine' }, undefined, { namespace: 'elsewhere' }],
      undefined,
    ],
    ['an endpoint is in nobody’s way but others’', [{}], undefined],
    [
      'a name that is kept is not judged again',
      [{ endpointName: 'Wine', description: 'x' }, { endpointName: 'Wine' }],
      undefined,
    ],
    [
      'a change to a name of another is refused',
      [{ endpointName: 'Wine' }, { endpointName: 'Free' }],
      /"wine-a"/,
    ],
  ])('%s', (_sentence, write, message) => {
    const verdict = checkName(aWrite(...write), namesakesOf);
    if (message === undefined) expect(verdict).toEqual({ allowed: true });
    else expect(verdict).toMatchObject({ code: 422, message: expect.stringMatching(message) as string });
  });
});

describe('checkLimits', () => {
  const { limits } = aConfig();
  const use = { endpoints: 0, writes: 0, waitMs: 0 };

  it.each<[string, Parameters<typeof aWrite>, Partial<typeof use>, number | undefined, RegExp | undefined]>([
    ['the last endpoint passes', [spec], { endpoints: 999 }, undefined, undefined],
    [
      'one more does not',
      [spec],
      { endpoints: 1_000 },
      403,
      /has 1000 ServingEndpoints, and 1000 are the limit; delete some/,
    ],
    [
      'a full namespace may still change what it has',
      [spec, old],
      { endpoints: 1_000 },
      undefined,
      undefined,
    ],
    ['the last write of a window passes', [spec], { writes: 49 }, undefined, undefined],
    [
      'one more has to wait',
      [spec, old],
      { writes: 50, waitMs: 41_200 },
      429,
      /50 creations and changes of ServingEndpoints in 5 minutes, and 50 are the limit; try again in 42 s/,
    ],
    ['a write that changes no spec never waits', [spec, spec], { writes: 500 }, undefined, undefined],
  ])('%s', (_sentence, write, used, code, message) => {
    const verdict = checkLimits(aWrite(...write), { ...use, ...used }, limits);
    if (message === undefined) expect(verdict).toEqual({ allowed: true });
    else expect(verdict).toMatchObject({ code, message: expect.stringMatching(message) as string });
  });
});
