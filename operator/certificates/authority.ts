/** Owns the certificate authority as the rest of the operator sees it: whom to trust, and its signature. */
import type { Clock } from '../../platform/clock.ts';
import { issueCertificate } from '../../platform/tls/authority.ts';
import type { KeyPair } from '../../platform/tls/authority.ts';
import type { OperatorConfig } from '../config/operator-config.ts';
import { authorityDueAt, trustBundle } from './authority-state.ts';
import type { AuthorityState } from './authority-state.ts';
import type { CertificateWish } from './check-certificate.ts';
import { parseCertificate } from './parsed-certificate.ts';

export interface Authority {
  readonly certificatePem: string;
  /** All authorities that are trusted, PEM. */
  readonly bundlePem: string;
  /** When time alone makes a next step of its life due, in milliseconds since the epoch. */
  readonly dueAt: number;
  issue(wish: CertificateWish): Promise<KeyPair>;
}

/** Returns the authority that `state` holds; it signs with the certificate that is current in it. */
export function authorityOf(
  state: AuthorityState,
  options: { readonly config: Pick<OperatorConfig, 'certificates'>; readonly clock: Clock },
): Authority {
  const { certificates } = options.config;
  const { current } = state;
  const ends = parseCertificate(current.certificatePem).validToDate.getTime();
  return {
    certificatePem: current.certificatePem,
    bundlePem: trustBundle(state),
    dueAt: authorityDueAt(state, certificates.propagation),
    issue: async (wish) => {
      const now = options.clock.now();
      // Nobody believes a certificate for longer than the one that signed it.
      const validMs = Math.min(certificates.validity, ends - now);
      const { certificatePem, privateKeyPem } = await issueCertificate(current, { ...wish, now, validMs });
      return { certificatePem: `${certificatePem.trimEnd()}\n${current.chainPem}`, privateKeyPem };
    },
  };
}
