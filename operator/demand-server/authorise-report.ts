/** Owns who may report what: a gateway on every endpoint, a sidecar on its own alone. */
import type { DemandSource } from '../../core/scaling/demand-book.ts';
import type { DemandEntry, DemandReport } from '../../core/scaling/demand-report.ts';
import { endpointIdentity } from '../../platform/tls/identity.ts';

export interface ReportAuthority {
  readonly trustDomain: string;
  readonly gatewayIdentity: string;
  /** Returns the endpoint that a Deployment belongs to. */
  readonly endpointOf: (namespace: string, deployment: string) => string | undefined;
  /** Returns the Deployment that a pod belongs to. */
  readonly deploymentOf: (namespace: string, pod: string) => string | undefined;
}

export type Authorised =
  { readonly source: DemandSource; readonly report: DemandReport } | { readonly refusal: string };

/**
 * Returns the report as it may be counted, without entries on Deployments that do not exist (any more) or, from a
 * gateway, belong to another endpoint, without fetches of anything but a pod of the Deployment, and without the store of
 * limits, which a sidecar has none of; or why it is refused as a whole.
 */
export function authoriseReport(
  report: DemandReport,
  identities: readonly string[],
  authority: ReportAuthority,
): Authorised {
  const { trustDomain, gatewayIdentity, endpointOf, deploymentOf } = authority;
  const isGateway = identities.includes(gatewayIdentity);
  const entries: DemandReport['entries'] = [];
  for (const entry of report.entries) {
    const { namespace, endpoint, deployment } = entry;
    if (!isGateway && !identities.includes(endpointIdentity(trustDomain, namespace, endpoint))) {
      return {
        refusal: `${identities.join(', ') || 'a caller without identity'} may not report on ${namespace}/${endpoint}`,
      };
    }
    const owner = endpointOf(namespace, deployment);
    if (owner === undefined) continue;
    // A gateway speaks for all tenants: what one of them did to a label must not silence it on the others.
    if (owner !== endpoint && isGateway) continue;
    if (owner !== endpoint) return { refusal: `${deployment} does not belong to ${namespace}/${endpoint}` };
    const tellsOfItself = !isGateway && deploymentOf(namespace, report.reporter) === deployment;
    entries.push(tellsOfItself ? entry : withoutFetch(entry));
  }
  if (isGateway) return { source: 'gateway', report: { ...report, entries } };
  const { limitStoreUp: _store, ...believed } = report;
  return { source: 'sidecar', report: { ...believed, entries } };
}

const withoutFetch = ({ fetchProgress: _fetch, ...demand }: DemandEntry): DemandEntry => demand;
