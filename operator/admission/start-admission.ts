/** Owns the parts of admission in a running operator, and how they are put together. */
import { makeKubeClient } from '../../kube/client.ts';
import type { KubeTransport } from '../../kube/transport.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logging.ts';
import type { Registry } from '../../platform/metrics.ts';
import type { OperatorTls } from '../certificates/operator-tls.ts';
import type { OperatorConfig } from '../config/operator-config.ts';
import type { Informers } from '../stores.ts';
import { makeAdmissionMetrics } from './admission-metrics.ts';
import { makeReviewers } from './reviewers.ts';
import { startAdmissionServer } from './server.ts';
import type { AdmissionServer } from './server.ts';
import { makeMayAccess } from './subject-access.ts';
import { WriteRate } from './write-rate.ts';

export interface AdmissionOptions {
  readonly config: OperatorConfig;
  readonly transport: KubeTransport;
  readonly informers: Informers;
  readonly tls: OperatorTls;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Starts to judge writes; there must be a certificate already.
 *
 * @throws AppError as `listen` does.
 */
export async function startAdmission(options: AdmissionOptions): Promise<AdmissionServer> {
  const { config, transport, informers, registry, clock } = options;
  const rate = new WriteRate(config.limits.writeWindow);
  const unobserve = informers.endpoints.onChange((change) => rate.observe(change, clock.now()));
  const server = await startAdmissionServer({
    ...options,
    address: { host: config.bindHost, port: config.webhookPort },
    reviewers: makeReviewers({
      stores: informers,
      // Not fenced: a review writes nothing, and every replica asks.
      mayAccess: makeMayAccess(makeKubeClient(transport)),
      rate,
      limits: config.limits,
      clock,
    }),
    metrics: makeAdmissionMetrics(registry, config.limits),
  });
  return {
    address: server.address,
    stop: async () => {
      unobserve();
      await server.stop();
    },
  };
}
