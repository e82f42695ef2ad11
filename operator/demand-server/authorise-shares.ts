/** Owns who shares which limits: a gateway all of them, a sidecar those of its own endpoint. */
import type { ShareReport } from '../../core/quota/share-report.ts';
import { endpointIdentity } from '../../platform/tls/identity.ts';
import type { ReportAuthority } from './authorise-report.ts';

/** Returns the part of the report that its sender may speak of. */
export function authoriseShares(
  report: ShareReport,
  identities: readonly string[],
  { trustDomain, gatewayIdentity }: Pick<ReportAuthority, 'trustDomain' | 'gatewayIdentity'>,
): ShareReport {
  if (identities.includes(gatewayIdentity)) return report;
  const isOwn = ({ pool }: ShareReport['pools'][number]): boolean => {
    const [namespace = '', endpoint = ''] = pool.split('/');
    return endpoint !== '' && identities.includes(endpointIdentity(trustDomain, namespace, endpoint));
  };
  return { ...report, pools: report.pools.filter(isOwn) };
}
