/** Owns the certificate authority as the rest of the operator sees it: whom to trust, and its signature. */
import type { Clock } from '../../platform/clock.ts';
import { issueCertificate } from '../../platform/tls/authority.ts';
import type { KeyPair } from '../../platform/tls/authority.ts';
import type { OperatorConfig } from '../config/operator-config.ts';
import { trustBundle } from './authority-state.ts';
import type { AuthorityState } from './authority-state.ts';
import type { CertificateWish } from './check-certificate.ts';

export interface Authority {
  readonly certificatePem: string;
  /** All authorities that are trusted, PEM. */
  readonly bundlePem: string;
  issue(wish: CertificateWish): Promise<KeyPair>;
}

/** Returns the authority that `state` holds; it signs with the certificate that is current in it. */
export function authorityOf(
  state: AuthorityState,
  options: { readonly config: Pick<OperatorConfig, 'certificates'>; readonly clock: Clock },
): Authority {
  const { config, clock } = options;
  return {
    certificatePem: state.current.certificatePem,
    bundlePem: trustBundle(state),
    issue: (wish) =>
      issueCertificate(state.current, { ...wish, now: clock.now(), validMs: config.certificates.validity }),
  };
}
