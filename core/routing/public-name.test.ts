import { describe, expect, it } from 'vitest';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import { anEndpoint } from '../../test/support/an-endpoint.ts';
import { nameClaim, publicNameOf } from './public-name.ts';

const url = (name: string): string => `https://ml.example.org/serving-endpoints/${name}/invocations`;
const claimant = (name: string, creationTimestamp: string, uid = name) =>
  anEndpoint(name)
    .servingModel('models:/wine/1')
    .withMetadata({ creationTimestamp, uid })
    .withSpec({ endpointName: 'Wine' });
const [early, late] = ['2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z'];

/** Returns the name of the endpoint that holds the public name. */
const holder = (...claimants: ServingEndpoint[]): string =>
  claimants.toSorted((one, other) => (nameClaim(one) < nameClaim(other) ? -1 : 1))[0]?.metadata.name ?? '';

describe('a public name belongs', () => {
  it.each<[string, ServingEndpoint[], string]>([
    [
      'to the oldest that wants it',
      [claimant('younger', late).build(), claimant('older', early).build()],
      'older',
    ],
    [
      'to the one that has it, however old the others are',
      [
        claimant('older', early).build(),
        claimant('younger', late)
          .withStatus({ url: url('Wine') })
          .build(),
      ],
      'younger',
    ],
    [
      'not to one that had another name until now',
      [
        claimant('renamed', late)
          .withStatus({ url: url('Red') })
          .build(),
        claimant('older', early).build(),
      ],
      'older',
    ],
    [
      'not to one that was refused it',
      [
        claimant('refused', early)
          .withStatus({ url: url('Wine') })
          .withCondition({ type: 'Ready', status: 'False', reason: 'NameTaken' })
          .build(),
        claimant('holder', late)
          .withStatus({ url: url('Wine') })
          .build(),
      ],
      'holder',
    ],
    [
      'to one of two that are equally old, always the same',
      [claimant('b', early, '2').build(), claimant('a', early, '1').build()],
      'a',
    ],
  ])('%s', (_name, claimants, expected) => {
    expect(holder(...claimants)).toBe(expected);
    expect(holder(...claimants.toReversed())).toBe(expected);
  });

  it('to the object of that name where the spec gives none', () => {
    expect(publicNameOf(anEndpoint('iris').servingModel('models:/iris/1').build())).toBe('iris');
    expect(publicNameOf(claimant('wine', early).build())).toBe('Wine');
  });
});
