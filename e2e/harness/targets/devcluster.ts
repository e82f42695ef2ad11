/** Owns the embedded cluster as a place for journeys. */
import { readFileSync } from 'node:fs';
import { connect } from '../../../quickstart/cluster/connect.ts';
import { startCluster } from '../../../quickstart/cluster/devcluster-process.ts';
import { installFairlead } from '../../../quickstart/cluster/install.ts';
import { trackingUriOf } from '../../../quickstart/iris/iris-model.ts';
import { trainModels } from '../models.ts';
import { occupyPort } from '../ports.ts';
import type { Target } from './run.ts';

/** Starts it with a folder, ports and models of its own. */
export const startDevcluster: Target = async (run) => {
  const { home, interpreter, lifetime, note } = run;
  const training = trainModels(run);
  // Awaited below; until then a failure must not count as an unhandled rejection.
  training.catch(() => undefined);
  const { port, release } = await occupyPort();
  await release();
  await startCluster({ home, interpreter, lifetime });
  const client = connect(home.kubeconfig, lifetime);
  const trackingUri = trackingUriOf(home.registry);
  const gatewayUrl = await installFairlead(client, {
    port,
    trackingUri,
    logs: home.logs,
    note,
    signal: lifetime.signal,
  });
  await training;
  const token = readFileSync(home.token, 'utf8').trim();
  return { kubeconfig: home.kubeconfig, gatewayUrl, token, scratch: home.dir };
};
