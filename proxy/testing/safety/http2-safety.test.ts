/** Owns the proof that no frames bring a proxy down, out of step, or to pass on what must not reach a model. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, openSession } from '../http2-client-fixture.ts';
import { until } from '../http-client-fixture.ts';
import { makePki } from '../pki-fixture.ts';
import type { Pki } from '../pki-fixture.ts';
import { RawHttp2 } from '../raw-http2-fixture.ts';
import { goodPairs, http2Cases } from './http2-cases.ts';
import type { Http2Case } from './http2-cases.ts';
import { startUnderAttack } from './proxy-under-attack.ts';
import type { ProxyUnderAttack } from './proxy-under-attack.ts';

let pki: Pki;
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());

/** The first words of an answer's head are its status: by its index in HPACK's table, or as three digits. */
function statusOf(client: RawHttp2): number | undefined {
  const head =
    client.frames.find(({ type, stream }) => type === 1 && stream === 1)?.payload.toString('latin1') ?? '';
  const indexed = [200, 204, 206, 304, 400, 404, 500][head.charCodeAt(0) - 0x88];
  return indexed ?? Number(/^[^]{1,2}(\d{3})/.exec(head)?.[1]);
}

/** Others are served, on new connections. */
async function probe(t: ProxyUnderAttack): Promise<void> {
  const session = await openSession(t.target);
  const answer = await ask(session, Object.fromEntries(goodPairs(t.wording)), 'probe');
  expect(answer).toMatchObject({ status: 200, code: 0 });
  expect(t.model.seen.at(-1)).toMatchObject({ body: 'probe' });
  session.destroy();
}

async function attack(t: ProxyUnderAttack, { send, outcome, status }: Http2Case): Promise<void> {
  t.model.seen.length = 0;
  const client = new RawHttp2(t.target);
  await client.begin(send(t.wording));
  await until(() => client.closed || client.goaway !== undefined || client.outcomeOf(1) !== undefined);
  if (outcome === 'ended') {
    await client.untilClosed();
    expect(client.goaway).toBeGreaterThan(0);
  } else {
    expect(client.outcomeOf(1)?.split(' ')[0]).toBe(outcome);
    expect(client.closed).toBe(false);
  }
  if (status !== undefined) expect(statusOf(client)).toBe(status);
  expect(t.model.seen).toHaveLength(status === 200 ? 1 : 0);
  const names = Object.keys(t.model.seen[0]?.headers ?? {});
  expect(names.filter((name) => /any|fairlead|[^a-z0-9-]/.test(name))).toEqual([]);
  client.destroy();
  await probe(t);
}

describe.each(['gateway', 'sidecar'] as const)('the %s over HTTP/2, before a caller who sends', (name) => {
  let t: ProxyUnderAttack;
  beforeAll(async () => {
    t = await startUnderAttack[name](pki);
  });
  afterAll(() => t.stop());

  it.each(http2Cases.map((one) => [one.name, one] as const))('%s', (_name, one) => attack(t, one));
});
