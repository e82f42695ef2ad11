/** Owns the certificates of gateway, API and operator: Secrets in the system namespace, made before anybody asks. */
import type { KubeClient } from '../../kube/client.ts';
import { secrets } from '../../kube/kinds.ts';
import { serviceAccountIdentity } from '../../platform/tls/identity.ts';
import type { Clock } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logging.ts';
import { standInDnsNames } from '../route-optimised/direct-names.ts';
import { ChildWriter } from '../children/apply-child.ts';
import type { OperatorConfig } from '../config/operator-config.ts';
import type { Authority } from './authority.ts';
import type { CertificateWish } from './check-certificate.ts';
import {
  apiSecretName,
  apiServiceAccount,
  directSecretName,
  gatewaySecretName,
  gatewayServiceAccount,
  operatorSecretName,
  operatorServiceAccount,
} from './system-names.ts';
import { checkTlsSecret, makeTlsSecret } from './tls-secret.ts';

export interface SystemCertificatesOptions {
  readonly client: KubeClient;
  readonly config: OperatorConfig;
  /** Namespaces that have route-optimised endpoints. */
  readonly directNamespaces: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Brings the system certificates up to date once.
 *
 * @throws AppError `TLS_SECRET_NOT_OWNED`; ApiError.
 */
export async function reconcileSystemCertificates(
  options: SystemCertificatesOptions,
  authority: Authority,
): Promise<void> {
  const { config } = options;
  for (const [secret, account] of [
    [operatorSecretName, operatorServiceAccount],
    [gatewaySecretName, gatewayServiceAccount],
    [apiSecretName, apiServiceAccount],
  ] as const) {
    await reconcileSecret(options, authority, secret, wishOf(config, account));
  }
  await reconcileSecret(options, authority, directSecretName, wishOfStandIn(options));
}

function wishOf(config: OperatorConfig, serviceAccount: string): CertificateWish {
  const { systemNamespace, trustDomain } = config;
  const service = `${serviceAccount}.${systemNamespace}.svc`;
  return {
    commonName: service,
    dnsNames: [service, `${service}.cluster.local`],
    uris: [serviceAccountIdentity(trustDomain, systemNamespace, serviceAccount)],
    usages: ['server', 'client'],
  };
}

/** Gateways stand in under the names of the Services of all namespaces that have route-optimised endpoints. */
function wishOfStandIn({ config, directNamespaces }: SystemCertificatesOptions): CertificateWish {
  const wish = wishOf(config, gatewayServiceAccount);
  return { ...wish, dnsNames: [...(wish.dnsNames ?? []), ...standInDnsNames(directNamespaces, config)] };
}

async function reconcileSecret(
  { client, config, clock, log }: SystemCertificatesOptions,
  authority: Authority,
  name: string,
  wish: CertificateWish,
): Promise<void> {
  const metadata = { name, namespace: config.systemNamespace };
  const observed = await client.find(secrets, metadata);
  const problem = checkTlsSecret(observed, { authority, wish, now: clock.now() });
  if (problem === undefined) return;
  const wanted = await makeTlsSecret(metadata, observed, { authority, wish, issue: problem.issue });
  const applied = await new ChildWriter(client).apply({ kind: secrets, wanted, observed });
  if (applied === 'notOwned') {
    throw new AppError(
      'TLS_SECRET_NOT_OWNED',
      `the Secret ${config.systemNamespace}/${name} belongs to somebody else; delete or rename it`,
    );
  }
  log.info({ secret: name, cause: problem.cause }, 'certificate written');
}
