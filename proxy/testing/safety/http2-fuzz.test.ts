/** Owns the proof that no order of frames, good and bad ones, ends the process: node's own HTTP/2 has done so before. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ask, openSession } from '../http2-client-fixture.ts';
import { makePki } from '../pki-fixture.ts';
import type { Pki } from '../pki-fixture.ts';
import {
  endHeaders,
  endStream,
  frame,
  frames,
  headers,
  preface,
  RawHttp2,
  uint32,
} from '../raw-http2-fixture.ts';
import { goodPairs } from './http2-cases.ts';
import { startUnderAttack } from './proxy-under-attack.ts';
import type { ProxyUnderAttack } from './proxy-under-attack.ts';

let pki: Pki;
let t: ProxyUnderAttack;
beforeAll(async () => {
  pki = await makePki();
  t = await startUnderAttack.gateway(pki, { lingerMs: 50 });
  t.model.respond = (request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('x'.repeat(2_000));
    setTimeout(() => {
      if (request.url?.endsWith('cut') === true) response.destroy();
      else response.end('y'.repeat(2_000));
    }, 5);
  };
});
afterAll(async () => {
  await t.stop();
  await pki.removeDirectories();
});

const stream = fc.constantFrom(1, 1, 3, 5, 7);
const withQuery = (query: string): string =>
  JSON.stringify(
    goodPairs(t.wording).map(([name, value]) => [name, name === ':path' ? value + query : value]),
  );
const request = fc.tuple(stream, fc.constantFrom('', '?cut'), fc.boolean()).map(
  ([id, query, ends]) =>
    (): string =>
      headers(
        id,
        JSON.parse(withQuery(query)) as [string, string][],
        ends ? endHeaders | endStream : endHeaders,
      ),
);
const other = fc
  .oneof(
    stream.chain((id) => fc.nat(1_000).map((length) => frame(frames.data, 0, id, 'x'.repeat(length)))),
    stream.map((id) => frame(frames.data, endStream, id)),
    stream.chain((id) =>
      fc.constantFrom(0, 1, 7, 8, 11).map((code) => frame(frames.reset, 0, id, uint32(code))),
    ),
    fc
      .oneof(stream, fc.constant(0))
      .chain((id) =>
        fc.constantFrom(1, 1_000, 70_000).map((by) => frame(frames.windowUpdate, 0, id, uint32(by))),
      ),
    fc.constantFrom(0, 10, 65_535).map((size) => frame(frames.settings, 0, 0, `\0\x04${uint32(size)}`)),
    fc.constant(frame(frames.ping, 0, 0, 'x'.repeat(8))),
    fc.constant(frame(frames.goaway, 0, 0, uint32(0) + uint32(0))),
    fc.string({ unit: 'binary-ascii', minLength: 9, maxLength: 30 }),
  )
  .map((text) => (): string => text);
const step = fc.oneof({ weight: 2, arbitrary: request }, { weight: 3, arbitrary: other });
/** What comes together in one piece, and how long it takes until the next one. */
const pieces = fc.array(
  fc.tuple(fc.array(step, { minLength: 1, maxLength: 8 }), fc.constantFrom(0, 0, 3, 10)),
  {
    minLength: 1,
    maxLength: 6,
  },
);

it('frames in any order harm their own connection alone', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(pieces, fc.boolean(), async (parts, closesWindow) => {
      const client = new RawHttp2(t.target);
      const settings = closesWindow ? `\0\x04${uint32(0)}` : '';
      let text = preface + frame(frames.settings, 0, 0, settings);
      for (const [steps, waitMs] of parts) {
        text += steps.map((make) => make()).join('');
        await client.send(text);
        text = '';
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
      client.destroy();
    }),
    { numRuns: 300 },
  );
  const session = await openSession(t.target);
  expect(await ask(session, Object.fromEntries(goodPairs(t.wording)))).toMatchObject({
    status: 200,
    code: 0,
  });
  session.destroy();
});
