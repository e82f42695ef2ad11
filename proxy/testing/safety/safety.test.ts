/** Owns the proof that no bytes bring a proxy down, out of step, or to pass on what must not reach a model. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePki } from '../pki-fixture.ts';
import type { Pki } from '../pki-fixture.ts';
import { RawClient } from '../raw-client-fixture.ts';
import { chunkCases } from './chunk-cases.ts';
import { framingCases } from './framing-cases.ts';
import { headCases } from './head-cases.ts';
import { travelCases } from './hop-cases.ts';
import { pipeliningCases } from './pipelining-cases.ts';
import { startUnderAttack } from './proxy-under-attack.ts';
import type { ProxyUnderAttack } from './proxy-under-attack.ts';
import { post } from './safety-case.ts';
import type { SafetyCase } from './safety-case.ts';
import { targetCases } from './target-cases.ts';

const suites: Readonly<Record<string, readonly SafetyCase[]>> = {
  'the end of a body in two places': framingCases,
  'chunks that are none': chunkCases,
  'several requests': pipeliningCases,
  'a head that is none, or too large': headCases,
  'a target that might be another one': targetCases,
  'what may not travel': travelCases,
};

let pki: Pki;
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());

const statuses = (client: RawClient): number[] => client.answers.map(({ status }) => status);

async function send(client: RawClient, pieces: string | readonly (string | number)[]): Promise<void> {
  for (const piece of typeof pieces === 'string' ? [pieces] : pieces) {
    if (typeof piece === 'string') await client.send(piece);
    else await new Promise((resolve) => setTimeout(resolve, piece));
  }
}

/** The next request gets an answer of its own: on the same connection where it stays, and on a new one. */
async function probe(t: ProxyUnderAttack, client: RawClient): Promise<void> {
  const before = client.answers.length;
  await client.send(post(t.wording, 'probe', ['X-Request-Id: probe', 'Connection: close']));
  await client.untilClosed();
  expect(client.rest).toBe('');
  const [answer, ...more] = client.answers.slice(before);
  expect(more).toEqual([]);
  expect(answer).toMatchObject({ status: 200, headers: { 'x-request-id': 'probe' } });
  expect(t.model.seen.at(-1)).toMatchObject({ body: 'probe' });
}

async function attack(t: ProxyUnderAttack, attackCase: SafetyCase): Promise<void> {
  const { answers, then, seen, check } = attackCase;
  t.model.seen.length = 0;
  const client = new RawClient(t.target);
  await send(client, attackCase.send(t.wording));
  if (then === 'closes') await client.untilClosed();
  else await client.untilAnswers(answers.length);
  expect(statuses(client)).toEqual([...answers]);
  expect(client.rest).toBe('');
  expect(client.closed).toBe(then === 'closes');
  const expected = seen?.length ?? answers.filter((status) => status === 200).length;
  expect(t.model.seen).toHaveLength(expected);
  if (seen !== undefined) expect(t.model.seen.map(({ body }) => body)).toEqual([...seen]);
  check?.(t.model.seen, client.answers);
  if (then === 'stays') await probe(t, client);
  client.destroy();
  await probe(t, new RawClient(t.target));
}

describe.each(['gateway', 'sidecar'] as const)('the %s, before a caller who sends', (name) => {
  let t: ProxyUnderAttack;
  beforeAll(async () => {
    t = await startUnderAttack[name](pki);
  });
  afterAll(() => t.stop());

  describe.each(Object.entries(suites))('%s:', (_suite, cases) => {
    it.each(cases.map((one) => [one.name, one] as const))('%s', (_name, one) => attack(t, one));
  });
});

describe('the suite', () => {
  it('has no case twice', () => {
    const names = Object.values(suites).flatMap((cases) => cases.map((one) => one.name));
    expect(names).toHaveLength(new Set(names).size);
    expect(names.length).toBeGreaterThanOrEqual(150);
  });
});
