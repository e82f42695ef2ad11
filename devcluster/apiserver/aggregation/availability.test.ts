/** Owns the proof that one registration that cannot be reported on does not end the probes, nor the server. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeLogger } from '../../../platform/logging.ts';
import { startApiServer } from '../server.ts';
import { eventually } from '../testing/api-fixture.ts';

const aRegistration = (name: string, group: string) => ({
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  metadata: { name },
  spec: {
    group,
    version: 'v1',
    groupPriorityMinimum: 100,
    versionPriority: 100,
    insecureSkipTLSVerify: true,
    service: { namespace: 'default', name: 'backend', port: 443 },
  },
});

it('goes on past a registration of an earlier run that is not valid any more', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'fairlead-availability-'));
  const invalid = aRegistration('v1.invalid', 'another');
  const line = { v: 5, s: 'apiservices.apiregistration.k8s.io', put: invalid };
  await writeFile(join(stateDir, 'objects.jsonl'), `${JSON.stringify(line)}\n`);
  const api = await startApiServer({
    stateDir,
    address: { host: '127.0.0.1', port: 0 },
    log: makeLogger({ process: 'test', level: 'silent' }),
  });
  const services = api.localClient('test').resource('apiregistration.k8s.io/v1', 'APIService');
  services.create(aRegistration('v1.valid', 'valid'));
  const status = await eventually(() => (services.get('v1.valid') as { status?: unknown }).status);
  expect(status).toMatchObject({ conditions: [{ type: 'Available', status: 'False' }] });
  await api.stop();
  await rm(stateDir, { recursive: true });
});
