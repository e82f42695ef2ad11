/** Owns the certificate authority while this process leads: reads it, makes it, hands it over to its successor. */
import { annotations } from '../../crds/schema/api.ts';
import type { KubeClient } from '../../kube/client.ts';
import { secrets } from '../../kube/kinds.ts';
import type { Secret } from '../../kube/kinds.ts';
import type { Clock } from '../../platform/clock.ts';
import { messageOf } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logging.ts';
import { makeAuthority } from '../../platform/tls/authority.ts';
import type { OperatorConfig } from '../config/operator-config.ts';
import type { Stores } from '../stores.ts';
import { authorityOf } from './authority.ts';
import type { Authority } from './authority.ts';
import { authoritySecretName, makeAuthoritySecret, parseAuthoritySecret } from './authority-secret.ts';
import { planAuthority, stepAuthority, trustBundle } from './authority-state.ts';
import type {
  AuthorityEvidence,
  AuthorityState,
  AuthorityStep,
  SigningAuthority,
} from './authority-state.ts';
import { parseGivenAuthority } from './given-authority.ts';
import type { Publication } from './publication.ts';
import { writeSystemSecret } from './system-secret.ts';

export interface AuthorityKeeperOptions {
  readonly client: KubeClient;
  readonly config: Pick<OperatorConfig, 'systemNamespace' | 'trustDomain' | 'certificates'>;
  readonly informers: Pick<Stores, 'secrets'>;
  readonly publication: Publication;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Brings the authority one step further in its life where that is due, and returns it.
 *
 * @throws AppError `AUTHORITY_SECRET_INVALID`, `GIVEN_AUTHORITY_INVALID`; ApiError.
 */
export async function reconcileAuthority(options: AuthorityKeeperOptions): Promise<Authority> {
  const { client, config, log } = options;
  const { systemNamespace: namespace } = config;
  const observed = await client.find(secrets, { name: authoritySecretName, namespace });
  const state = observed === undefined ? undefined : parseAuthoritySecret(observed);
  const evidence = await gather(options, observed, state);
  const step = planAuthority(state, evidence);
  if (step === 'keep' && state !== undefined) return authorityOf(state, options);
  const next = stepAuthority(state, step, evidence, await createFor(step, evidence, options));
  await writeSystemSecret(client, observed, makeAuthoritySecret(namespace, next, evidence.requested));
  log.info({ step }, 'certificate authority changed');
  return authorityOf(next, options);
}

async function gather(
  options: AuthorityKeeperOptions,
  observed: Secret | undefined,
  state: AuthorityState | undefined,
): Promise<AuthorityEvidence> {
  const { config, clock, informers, publication } = options;
  const now = clock.now();
  const waits = state?.next !== undefined;
  return {
    now,
    propagationMs: config.certificates.propagation,
    publishedSince: waits
      ? publication.since(trustBundle(state), informers.secrets.store.list(), now)
      : undefined,
    requested: observed?.metadata?.annotations?.[annotations.rotate],
    given: await readGiven(options, state),
  };
}

/** One that cannot be used is passed over while there is another: what stands, stands. */
async function readGiven(
  { client, config, log }: AuthorityKeeperOptions,
  state: AuthorityState | undefined,
): Promise<SigningAuthority | undefined> {
  const name = config.certificates.authoritySecret;
  if (name === undefined) return undefined;
  const secret = await client.find(secrets, { name, namespace: config.systemNamespace });
  try {
    return parseGivenAuthority(secret, name);
  } catch (error) {
    if (state === undefined) throw error;
    log.error({ cause: messageOf(error) }, 'the given authority cannot be used, the last one stays');
    return state.next ?? state.current;
  }
}

async function createFor(
  step: AuthorityStep,
  { given }: AuthorityEvidence,
  { config, clock }: AuthorityKeeperOptions,
): Promise<SigningAuthority | undefined> {
  if (step !== 'createFirst' && step !== 'createNext') return undefined;
  if (given !== undefined) return given;
  const pair = await makeAuthority({
    commonName: `Fairlead ${config.trustDomain}`,
    now: clock.now(),
    validMs: config.certificates.authorityValidity,
  });
  return { ...pair, chainPem: '', trustPem: pair.certificatePem };
}
