/** Owns the certificate authority while this process leads: reads it, makes it, hands it over to its successor. */
import type { KubeClient } from '../../kube/client.ts';
import { secrets } from '../../kube/kinds.ts';
import type { Secret } from '../../kube/kinds.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logging.ts';
import { makeAuthority } from '../../platform/tls/authority.ts';
import type { KeyPair } from '../../platform/tls/authority.ts';
import type { OperatorConfig } from '../config/operator-config.ts';
import { fieldManager } from '../serving-endpoint/names.ts';
import { authorityOf } from './authority.ts';
import type { Authority } from './authority.ts';
import { authorityData, parseAuthority, planAuthority } from './authority-state.ts';
import type { AuthorityState, AuthorityStep } from './authority-state.ts';
import { tlsSecret } from './tls-secret.ts';

const authoritySecretName = 'fairlead-ca';

export interface AuthorityKeeperOptions {
  readonly client: KubeClient;
  readonly config: Pick<OperatorConfig, 'systemNamespace' | 'trustDomain' | 'certificates'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Brings the authority one step further in its life where that is due, and returns it.
 *
 * @throws AppError `AUTHORITY_SECRET_INVALID`, ApiError.
 */
export async function reconcileAuthority(options: AuthorityKeeperOptions): Promise<Authority> {
  const { client, config, clock, log } = options;
  const ref = { name: authoritySecretName, namespace: config.systemNamespace };
  const secret = await client.find(secrets, ref);
  const state = secret === undefined ? undefined : parseAuthority(secret);
  const step = planAuthority(state, {
    now: clock.now(),
    propagationMs: config.certificates.propagation,
  });
  if (step === 'keep' && state !== undefined) return authorityOf(state, options);
  const next = await advance(state, step, options);
  await write(options, secret, next);
  log.info({ step }, 'certificate authority changed');
  return authorityOf(next, options);
}

async function advance(
  state: AuthorityState | undefined,
  step: AuthorityStep,
  { config, clock }: AuthorityKeeperOptions,
): Promise<AuthorityState> {
  const create = (): Promise<KeyPair> =>
    makeAuthority({
      commonName: `Fairlead ${config.trustDomain}`,
      now: clock.now(),
      validMs: config.certificates.authorityValidity,
    });
  if (state === undefined) return { current: await create() };
  if (step === 'createNext') return { ...state, next: await create() };
  if (step === 'promoteNext' && state.next !== undefined) {
    return { current: state.next, previousPem: state.current.certificatePem };
  }
  return { current: state.current };
}

/** Creates, or replaces exactly the Secret that was read: two authorities at once would split the cluster. */
async function write(
  { client, config }: AuthorityKeeperOptions,
  observed: Secret | undefined,
  state: AuthorityState,
): Promise<void> {
  const ref = { name: authoritySecretName, namespace: config.systemNamespace };
  const wanted = tlsSecret(ref, authorityData(state));
  if (observed === undefined) await client.create(secrets, wanted, { fieldManager });
  else {
    const resourceVersion = observed.metadata?.resourceVersion;
    const metadata = { ...wanted.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
    await client.replace(secrets, { ...wanted, metadata }, { fieldManager });
  }
}
