/** Owns the tests of the model server's metrics, as the sidecar passes them on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send } from '../testing/http-client-fixture.ts';
import { startModelServer } from '../testing/model-server-fixture.ts';
import type { ModelServer } from '../testing/model-server-fixture.ts';
import { makePki } from '../testing/pki-fixture.ts';
import type { Pki } from '../testing/pki-fixture.ts';
import { startSidecarUnderTest } from './sidecar-fixture.ts';
import type { SidecarUnderTest } from './sidecar-fixture.ts';

describe('the metrics of the model server', () => {
  let exporter: ModelServer;
  let pki: Pki;
  let t: SidecarUnderTest;
  const metrics = () => send({ to: t.sidecar.admin, path: '/model/metrics', method: 'GET' });

  beforeAll(async () => {
    exporter = await startModelServer();
    pki = await makePki();
    t = await startSidecarUnderTest(pki, (config) => ({
      ...config,
      modelServer: { ...config.modelServer, metrics: { port: exporter.port, path: '/prom' } },
    }));
  });

  afterAll(async () => {
    await t.stop();
    await exporter.stop();
    await pki.removeDirectories();
  });

  it('come from the port and the path that the runtime names, however long they are', async () => {
    const text = 'tokens_total 7\n'.repeat(100_000);
    exporter.respond = (request, response) => {
      response.writeHead(request.url === '/prom' ? 200 : 404, {
        'content-type': 'text/plain; version=0.0.4',
      });
      response.end(text);
    };
    const answer = await metrics();
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'text/plain; version=0.0.4' } });
    expect(answer.body).toHaveLength(text.length);
  });

  it('are a bad gateway while nobody tells them', async () => {
    await exporter.stop();
    expect((await metrics()).status).toBe(502);
  });

  it('are not found where the runtime has none', async () => {
    const { metrics: _none, ...modelServer } = t.config.current.modelServer;
    t.config.set({ ...t.config.current, modelServer });
    expect((await metrics()).status).toBe(404);
  });
});
