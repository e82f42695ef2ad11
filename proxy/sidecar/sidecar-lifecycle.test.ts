/** Owns the proof that a sidecar is ready, drains and renews its certificates as it should. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SidecarConfig } from '../../core/sidecar-config.ts';
import { answerTo, openCall, send } from '../testing/http-client-fixture.ts';
import { startModelServer } from '../testing/model-server-fixture.ts';
import { makePki, operatorIdentity } from '../testing/pki-fixture.ts';
import type { Pki } from '../testing/pki-fixture.ts';
import { startSidecarUnderTest } from './sidecar-fixture.ts';
import type { SidecarUnderTest } from './sidecar-fixture.ts';

let pki: Pki;
let t: SidecarUnderTest;
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());
afterEach(() => t.stop());

const start = async (
  change: (config: SidecarConfig) => Partial<SidecarConfig> = () => ({}),
): Promise<void> => {
  t = await startSidecarUnderTest(pki, (config) => ({ ...config, ...change(config) }));
};

describe('the admin port', () => {
  const admin = async (path: string): Promise<{ status: number; body: string }> =>
    send({ to: t.sidecar.admin, path, method: 'GET' });

  it('is ready while the model is', async () => {
    await start();
    await t.ready();
    t.model.healthy = false;
    let status = 200;
    while (status === 200) ({ status } = await admin('/readyz'));
    t.model.healthy = true;
    await t.ready();
  });

  it('passes the probes of kubelet on to the model', async () => {
    await start();
    expect((await admin('/model/readyz')).status).toBe(200);
    t.model.healthy = false;
    expect((await admin('/model/livez')).status).toBe(503);
    await t.model.stop();
    expect((await admin('/model/livez')).status).toBe(503);
  });

  it('has metrics with the labels of the endpoint alone', async () => {
    await start();
    await t.send();
    await t.send({ path: '/made-up' });
    const { body } = await admin('/metrics');
    expect(body).toContain(
      'fairlead_proxy_requests_total{endpoint="team-a/wine",served_entity="wine-1",code="200"} 1',
    );
    expect(body).toContain('fairlead_proxy_dropped_total{endpoint="_none",reason="unknown_path"} 1');
    expect(body).not.toContain('made-up');
  });
});

describe('waiting for readiness', () => {
  const awaitReady = (): Promise<{ status: number }> =>
    t.send({ path: '/await-ready', method: 'GET', body: '' });

  it('is answered the moment the model is ready', async () => {
    await start();
    t.model.healthy = false;
    await sleep(50);
    let answered = false;
    const answer = awaitReady().then(({ status }) => {
      answered = true;
      return status;
    });
    await sleep(200);
    expect(answered).toBe(false);
    t.model.healthy = true;
    expect(await answer).toBe(200);
  });

  it('is answered at once when it is ready already', async () => {
    await start();
    await t.ready();
    expect((await awaitReady()).status).toBe(200);
  });
});

describe('draining', () => {
  it('is unready at once and goes on serving until it is quiet', async () => {
    await start(() => ({ drain: { quietMs: 1_500, maxMs: 20_000 } }));
    await t.ready();
    let drained = false;
    const draining = t.sidecar.drain().then(() => {
      drained = true;
    });
    expect((await send({ to: t.sidecar.admin, path: '/readyz', method: 'GET' })).status).toBe(503);
    for (let count = 0; count < 4; count += 1) {
      await sleep(100);
      expect((await t.send()).status).toBe(200);
    }
    expect(drained).toBe(false);
    await draining;
    expect((await t.send()).headers.connection).toBe('close');
  });

  it('does not wait for ever', async () => {
    await start(() => ({ drain: { quietMs: 60_000, maxMs: 200 } }));
    await t.sidecar.drain();
  });

  it('waits for what is under way', async () => {
    await start(() => ({ drain: { quietMs: 0, maxMs: 5_000 } }));
    let release: () => void = () => undefined;
    t.model.respond = (_request, response) => {
      release = () => response.end('{}');
    };
    const answer = t.send();
    await sleep(50);
    let drained = false;
    const draining = t.sidecar.drain().then(() => {
      drained = true;
    });
    await sleep(150);
    expect(drained).toBe(false);
    release();
    await draining;
    expect((await answer).status).toBe(200);
  });

  it('through the hook of the model container ends when that was only restarted', async () => {
    await start(() => ({ drain: { quietMs: 0, maxMs: 1_000 } }));
    await t.ready();
    expect((await send({ to: t.sidecar.admin, path: '/wait-for-drain', method: 'GET' })).status).toBe(200);
    expect((await send({ to: t.sidecar.admin, path: '/readyz', method: 'GET' })).status).toBe(503);
    const { host, port } = t.model;
    await t.model.stop();
    // Until the sidecar has seen that nobody listens there.
    await sleep(1_500);
    const restarted = await startModelServer(host, port);
    await t.ready();
    await restarted.stop();
  });
});

describe('certificates', () => {
  it('that are renewed are shown to new connections', async () => {
    await start();
    expect((await t.send()).status).toBe(200);
    t.tls.set(await pki.material(operatorIdentity));
    const call = openCall(t.call());
    call.end('{}');
    const answer = await answerTo(call);
    const socket = answer.socket as unknown as { getPeerCertificate(): { subjectaltname: string } };
    expect(socket.getPeerCertificate().subjectaltname).toContain(operatorIdentity);
    answer.resume();
  });
});
