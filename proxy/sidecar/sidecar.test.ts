import { afterAll, beforeAll, expect, it } from 'vitest';
import { makePki } from '../testing/pki-fixture.ts';
import type { Pki } from '../testing/pki-fixture.ts';
import { startSidecarUnderTest } from './sidecar-fixture.ts';

let pki: Pki;
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());

it('passes a request of the gateway to the model, and says which entity answered', async () => {
  const t = await startSidecarUnderTest(pki);
  const answer = await t.send();
  expect(answer.json).toEqual({ predictions: [0] });
  expect(answer.status).toBe(200);
  expect(answer.headers['served-model-name']).toBe('wine-1');
  expect(t.model.seen[0]?.body).toBe('{"inputs":[1]}');
  await t.stop();
});
