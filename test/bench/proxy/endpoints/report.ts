/** Owns how the figures of the suite `endpoints` are shown. */
import type { SuiteReport } from '../../suite-report.ts';
import { makeTable, rounded } from '../../tables.ts';

/** Of one gateway. */
export interface EndpointsRow {
  readonly endpoints: number;
  readonly idleMiB: number;
  readonly loadedMiB: number;
  readonly microsecondsPerRequest: number;
  readonly requestsPerSecond: number;
}

/** Returns the report on a gateway with one endpoint and one with many. */
export function makeEndpointsReport(
  one: EndpointsRow,
  many: EndpointsRow,
  versions: SuiteReport['versions'],
): SuiteReport {
  const kibPerEndpoint = rounded(((many.idleMiB - one.idleMiB) * 1024) / (many.endpoints - one.endpoints));
  const times = rounded(many.microsecondsPerRequest / one.microsecondsPerRequest, 2);
  const cells = (row: EndpointsRow): number[] => [
    row.endpoints,
    rounded(row.microsecondsPerRequest),
    rounded(row.idleMiB),
    rounded(row.loadedMiB),
    rounded(row.requestsPerSecond, 0),
  ];
  return {
    figures: { one, many, kibPerEndpoint, timesCpu: times },
    ratios: {
      [`gateway: CPU with ${many.endpoints} endpoints × with one`]: times,
      [`gateway with ${many.endpoints} endpoints: MiB before the load`]: rounded(many.idleMiB),
      [`gateway with ${many.endpoints} endpoints: MiB after the load`]: rounded(many.loadedMiB),
    },
    verdicts: [],
    text: `One gateway, wrk -t1 -c32 asks all its endpoints in turn; each has a pod with an address and a certificate of its
own, and the gateway keeps mTLS connections to all of them. With many endpoints a request costs ${times} times what it
costs with one; an endpoint that nobody has asked takes ${kibPerEndpoint} KiB.

${makeTable(['endpoints', 'CPU µs/request', 'RSS MiB, idle', 'loaded', 'requests/s'], [one, many].map(cells))}`,
    leftOut: [],
    versions,
  };
}
