import { setTimeout as sleep } from 'node:timers/promises';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeLogger } from '../logging.ts';
import { until } from '../../proxy/testing/http-client-fixture.ts';
import { gatewayIdentity, makePki, writeTlsFiles } from '../../proxy/testing/pki-fixture.ts';
import type { Pki } from '../../proxy/testing/pki-fixture.ts';
import { watchTlsMaterial } from './tls-material.ts';

const log = makeLogger({ process: 'test', level: 'silent' });
let pki: Pki;
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());

describe('watchTlsMaterial', () => {
  it('takes over a renewed pair', async () => {
    const directory = await pki.directory(gatewayIdentity);
    const file = await watchTlsMaterial(directory, log);
    const renewed = await pki.material(gatewayIdentity);
    await writeTlsFiles(directory, renewed);
    await until(() => file.current.cert === renewed.cert && file.current.key === renewed.key);
    file.stop();
  });

  it('keeps the last good pair while key and certificate do not fit together', async () => {
    const directory = await pki.directory(gatewayIdentity);
    const file = await watchTlsMaterial(directory, log);
    const { cert } = file.current;
    await writeFile(join(directory, 'tls.key'), (await pki.material(gatewayIdentity)).key);
    await until(() => file.refusal !== undefined);
    await sleep(20);
    expect(file.current.cert).toBe(cert);
    expect(file.refusal).toMatchObject({ code: 'TLS_MATERIAL_INVALID' });
    file.stop();
  });

  it('does not start without a good pair', async () => {
    const directory = await pki.directory(gatewayIdentity);
    await writeFile(join(directory, 'tls.crt'), 'no certificate');
    await expect(watchTlsMaterial(directory, log)).rejects.toMatchObject({ code: 'TLS_MATERIAL_INVALID' });
  });
});
