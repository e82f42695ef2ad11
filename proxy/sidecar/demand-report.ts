/** Owns what a sidecar tells the operator of its own Deployment, and who in it hears the answer. */
import { isTelling } from '../../core/fetching/fetch-progress.ts';
import type { DemandEntry } from '../../core/scaling/demand-report.ts';
import type { DemandMeter } from '../demand/demand-meter.ts';
import { DemandReporter } from '../demand/demand-reporter.ts';
import type { DirectCallers } from './direct-callers.ts';
import type { FetchWatch } from './fetch-watch.ts';
import type { SidecarLimits } from './sidecar-limits.ts';
import type { SidecarOptions } from './sidecar-options.ts';

export interface ReportedParts {
  readonly demand: DemandMeter;
  readonly fetch: FetchWatch;
  readonly limits: SidecarLimits;
  readonly direct: DirectCallers | undefined;
}

/** Starts to report. */
export function startReporter(options: SidecarOptions, parts: ReportedParts): DemandReporter {
  const { config, tls, clock, log } = options;
  const { demand, fetch, limits, direct } = parts;
  const { endpoint, deployment, demand: target } = config.current;
  const reporter = new DemandReporter({
    url: target.url,
    tls: { secureContext: () => tls.current.secureContext, identity: target.identity },
    intervalMs: target.intervalMs,
    reporter: options.podName,
    clock,
    log,
    limits: limits.shares,
    directed: direct?.table,
    source: {
      read: (withHistory) => {
        const reading = demand.read(withHistory);
        const entry = {
          namespace: endpoint.namespace,
          endpoint: endpoint.name,
          deployment,
          ...reading.entry,
          ...toldOf(fetch),
        };
        return { entries: [entry], confirm: () => demand.confirm(reading) };
      },
    },
  });
  // Callers come as soon as the sidecar is ready: it is to know the ways by then.
  if (direct !== undefined) reporter.reportNow();
  return reporter;
}

const toldOf = ({ current }: FetchWatch): Pick<DemandEntry, 'fetchProgress'> =>
  current !== undefined && isTelling(current) ? { fetchProgress: current } : {};
