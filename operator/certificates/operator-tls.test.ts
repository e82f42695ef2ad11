import { beforeAll, expect, it } from 'vitest';
import type { ChangeHandler } from '../../kube/informer.ts';
import type { Secret } from '../../kube/kinds.ts';
import { silentLog } from '../../kube/testing/plain-access.ts';
import { issueCertificate, makeAuthority } from '../../platform/tls/authority.ts';
import { followOperatorTls } from './operator-tls.ts';
import type { OperatorTls } from './operator-tls.ts';
import { tlsSecret } from './tls-secret.ts';

let good: Record<string, string>;
let other: Record<string, string>;
beforeAll(async () => {
  const now = Date.now();
  const authority = await makeAuthority({ commonName: 'one', now, validMs: 3_600_000 });
  const issue = async (): Promise<Record<string, string>> => {
    const wish = { commonName: 'operator', dnsNames: ['operator.svc'], usages: ['server' as const] };
    const pair = await issueCertificate(authority, { ...wish, now, validMs: 3_600_000 });
    const { certificatePem, privateKeyPem } = pair;
    return { 'tls.crt': certificatePem, 'tls.key': privateKeyPem, 'ca.crt': authority.certificatePem };
  };
  [good, other] = [await issue(), await issue()];
});

/** Returns what follows the Secret, and how to change it. */
function following(): { tls: OperatorTls; write: (data: Record<string, string>, name?: string) => void } {
  const handlers: ChangeHandler<Secret>[] = [];
  const informer = {
    onChange: (handler: ChangeHandler<Secret>) => {
      handlers.push(handler);
      return () => undefined;
    },
  };
  const write = (data: Record<string, string>, name = 'fairlead-operator-tls'): void => {
    const object = tlsSecret({ name, namespace: 'system' }, data);
    for (const handler of handlers) handler({ type: 'added', object });
  };
  return { tls: followOperatorTls(informer, 'system', silentLog), write };
}

it('takes over each new certificate', async () => {
  const { tls, write } = following();
  expect(tls.current()).toBeUndefined();
  write(good);
  await tls.ready;
  write(other);
  expect(tls.current()?.cert).toBe(other['tls.crt']);
});

it.each<[string, () => Record<string, string>]>([
  ['is no certificate', () => ({ ...good, 'tls.crt': 'nonsense' })],
  ['belongs to another key', () => ({ ...good, 'tls.key': other['tls.key'] ?? '' })],
  ['has lost its key', () => ({ 'tls.crt': good['tls.crt'] ?? '', 'ca.crt': good['ca.crt'] ?? '' })],
])('keeps the last good one when the new one %s, and waits where there was none', async (_name, broken) => {
  const { tls, write } = following();
  const told: string[] = [];
  tls.onChange(({ cert }) => told.push(cert));
  write(broken());
  expect(tls.current()).toBeUndefined();
  write(good);
  write(broken());
  await tls.ready;
  expect(told).toEqual([good['tls.crt']]);
  expect(tls.current()?.cert).toBe(good['tls.crt']);
});

it('does not mind other Secrets', () => {
  const { tls, write } = following();
  write(good, 'iris-sidecar-tls');
  expect(tls.current()).toBeUndefined();
});
