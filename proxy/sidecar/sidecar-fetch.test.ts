/** Owns the proof that a sidecar tells how far the fetch is, is alive and not ready meanwhile, and lets go at once. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { send, until } from '../testing/http-client-fixture.ts';
import { startModelServer } from '../testing/model-server-fixture.ts';
import type { ModelServer } from '../testing/model-server-fixture.ts';
import { makePki, operatorIdentity } from '../testing/pki-fixture.ts';
import type { Pki } from '../testing/pki-fixture.ts';
import { startReportedTo } from '../testing/reported-to-fixture.ts';
import type { ReportedTo } from '../testing/reported-to-fixture.ts';
import { startSidecarUnderTest } from './sidecar-fixture.ts';
import type { SidecarUnderTest } from './sidecar-fixture.ts';

let pki: Pki;
let operator: ReportedTo;
let directory: string;
let t: SidecarUnderTest;
let model: ModelServer | undefined;
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fairlead-sidecar-fetch-'));
  operator = await startReportedTo(pki, operatorIdentity);
  t = await startSidecarUnderTest(
    pki,
    (config) => ({ ...config, drain: { quietMs: 3_600_000, maxMs: 3_600_000 } }),
    { demandUrl: operator.url, fetchProgress: join(directory, 'progress.json') },
  );
});
afterEach(async () => {
  await t.stop();
  await model?.stop();
  operator.stop();
  rmSync(directory, { recursive: true });
});

const admin = (path: string) => send({ to: t.sidecar.admin, path, method: 'GET' });
const tell = (text: string): void => {
  const fresh = join(directory, 'fresh');
  writeFileSync(fresh, text);
  renameSync(fresh, join(directory, 'progress.json'));
};
const lastTold = () => operator.reports.at(-1)?.entries[0]?.fetchProgress;

it('tells the operator how far the fetch is, until the model is there', async () => {
  tell('{"bytes": 0}');
  await until(() => operator.reports.length > 2);
  expect(lastTold()).toBeUndefined();
  tell('{"bytes": 5, "totalBytes": 10}');
  await until(() => lastTold()?.bytes === 5);
  tell('{"bytes": 7, "totalBytes": 10}');
  await until(() => lastTold()?.bytes === 7);
  rmSync(join(directory, 'progress.json'));
  await until(() => lastTold() === undefined);
});

it('goes on reporting demand, whatever lies there', async () => {
  tell('{"bytes": -5}');
  const before = operator.reports.length;
  await until(() => operator.reports.length > before + 2);
  expect(lastTold()).toBeUndefined();
});

it('is alive and not ready while the model is fetched, and says why', async () => {
  tell('{"bytes": 5}');
  expect((await admin('/healthz')).status).toBe(200);
  let answer = await admin('/readyz');
  while (!answer.body.includes('the model is being fetched')) {
    expect(answer.status).toBe(503);
    answer = await admin('/readyz');
  }
  expect(answer.status).toBe(503);
});

it('lets go at once when the pod goes before its model has come', async () => {
  tell('{"bytes": 5}');
  await until(() => lastTold() !== undefined);
  // Quiet for an hour is what a pod that is known has to be.
  await t.sidecar.drain();
});

it('answers who waits for it before it ends', async () => {
  const waiting = t.send({ path: '/await-ready', method: 'GET', body: '' });
  await until(() => operator.reports.length > 2);
  await t.sidecar.drain();
  await t.sidecar.stop();
  expect((await waiting).status).toBe(503);
});

it('is ready once the model is, also where a fetcher has left its file behind', async () => {
  tell('{"bytes": 5}');
  await until(() => lastTold() !== undefined);
  const { host, port } = t.model;
  model = await startModelServer(host, port);
  await t.ready();
  await until(() => lastTold() === undefined);
});
