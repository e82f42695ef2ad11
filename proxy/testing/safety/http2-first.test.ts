/** Owns the proof that the very first connection of HTTP/2, for which the protocol is still being loaded, harms nobody. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ask, openSession } from '../http2-client-fixture.ts';
import { makePki } from '../pki-fixture.ts';
import { frame, frames, RawHttp2 } from '../raw-http2-fixture.ts';
import { goodPairs } from './http2-cases.ts';
import { startUnderAttack } from './proxy-under-attack.ts';

it.each(['gateway', 'sidecar'] as const)(
  'a flood that waits for the %s to load it ends its own connection alone',
  async (name) => {
    const pki = await makePki();
    const t = await startUnderAttack[name](pki);
    const client = new RawHttp2(t.target);
    await client.begin();
    for (let count = 0; count < 100 && !client.closed; count += 1) {
      await client.send(frame(frames.ping, 0, 0, 'x'.repeat(8)).repeat(100));
      await sleep(1);
    }
    await client.untilClosed();
    const session = await openSession(t.target);
    expect(await ask(session, Object.fromEntries(goodPairs(t.wording)))).toMatchObject({ status: 200 });
    session.destroy();
    await t.stop();
    await pki.removeDirectories();
  },
);
