import { afterEach, describe, expect, it } from 'vitest';
import { startAdminServer } from './admin-server.ts';
import type { AdminServer } from './admin-server.ts';
import { Health } from './health.ts';
import { makeRegistry } from './metrics.ts';

let server: AdminServer | undefined;
afterEach(() => server?.stop());

async function start(health: Health, port = 0): Promise<string> {
  server = await startAdminServer({
    address: { host: '127.0.0.1', port },
    health,
    registry: makeRegistry(),
    routes: { '/broken': () => Promise.reject(new Error('no')) },
  });
  return `http://127.0.0.1:${server.address.port}`;
}

describe('the admin server', () => {
  it('answers /readyz with the reasons while a check refuses, and while the process is stopping', async () => {
    const health = new Health();
    let reason: string | undefined = 'the caches are empty';
    health.addReadinessCheck('caches', () => reason);
    const url = await start(health);
    const unready = await fetch(`${url}/readyz`);
    expect([unready.status, await unready.json()]).toEqual([
      503,
      { status: 'unready', reasons: { caches: 'the caches are empty' } },
    ]);
    reason = undefined;
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    health.startStopping();
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('tells on /readyz what is amiss though the process is ready', async () => {
    const health = new Health();
    const notes: string[] = [];
    health.addNote('store', () => notes[0]);
    const url = await start(health);
    expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ status: 'ok' });
    notes.push('it is away');
    const answer = await fetch(`${url}/readyz`);
    expect([answer.status, await answer.json()]).toEqual([
      200,
      { status: 'ok', notes: { store: 'it is away' } },
    ]);
  });

  it('serves the metrics of the process', async () => {
    const url = await start(new Health());
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('fairlead_process_cpu_seconds_total');
  });

  it('answers 404 to a path that it does not have', async () => {
    const url = await start(new Health());
    expect((await fetch(`${url}/constructor`)).status).toBe(404);
  });

  it('cuts the connection when a route fails, and goes on serving', async () => {
    const url = await start(new Health());
    await expect(fetch(`${url}/broken`)).rejects.toThrow();
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('says which port is taken', async () => {
    await start(new Health());
    const first = server;
    await expect(start(new Health(), first?.address.port)).rejects.toMatchObject({
      code: 'LISTEN_ADDRESS_IN_USE',
      message: expect.stringContaining(String(first?.address.port)) as string,
    });
  });
});
