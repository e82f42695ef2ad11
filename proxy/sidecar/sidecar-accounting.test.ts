/** Owns the proof that a sidecar accounts the requests whose first hop it is, and no others. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { until } from '../testing/http-client-fixture.ts';
import { makePki } from '../testing/pki-fixture.ts';
import type { Pki } from '../testing/pki-fixture.ts';
import { startSidecarUnderTest } from './sidecar-fixture.ts';
import type { SidecarUnderTest } from './sidecar-fixture.ts';

let pki: Pki;
let t: SidecarUnderTest;
const directory = mkdtempSync(join(tmpdir(), 'fairlead-sidecar-rows-'));
beforeAll(async () => {
  pki = await makePki();
});
afterAll(async () => {
  await pki.removeDirectories();
  rmSync(directory, { recursive: true });
});
afterEach(() => t.stop());

it('a sidecar records what comes to it first, and what the gateway has accounted it does not', async () => {
  const accounting = {
    usage: true,
    payloadTable: 'team-a/wine_payload',
    samplingFraction: 1,
    lossless: false,
    languageModels: [],
  };
  t = await startSidecarUnderTest(pki, (config) => ({ ...config, accounting }), {
    rows: { payloadLogDir: directory },
  });
  await t.ready();
  await t.send({ headers: { 'x-fairlead-accounted': '1', 'x-request-id': 'by-the-gateway' } });
  await t.send({ headers: { 'x-fairlead-principal': 'alice', 'x-request-id': 'direct' } });
  let text = '';
  await until(() => {
    const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((it) =>
      it.isFile(),
    );
    text = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8')).join('');
    return text !== '';
  });
  expect(
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object),
  ).toMatchObject([{ databricks_request_id: 'direct', requester: 'alice', status_code: 200 }]);
});
