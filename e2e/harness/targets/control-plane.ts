/** Owns the real control plane as a place for journeys: with a node that runs pods as local processes. */
import { AppError } from '../../../platform/errors.ts';
import { connect } from '../../../quickstart/cluster/connect.ts';
import { installFairlead } from '../../../quickstart/cluster/install.ts';
import { trackingUriOf } from '../../../quickstart/iris/iris-model.ts';
import { startControlPlane } from '../../controlplane/start.ts';
import { buildGoProgram } from '../go-program.ts';
import { trainModels } from '../models.ts';
import { controlPlaneProgram } from '../programs.ts';
import { makeCaller } from './caller.ts';
import { startNodeProcess } from './node-process.ts';
import type { Target } from './run.ts';

/**
 * Starts it in the network of this process, which has to be one of its own (`tools/e2e.ts` sees to that).
 *
 * @throws AppError `GO_MISSING`, and as each part does.
 */
export const startRealControlPlane: Target = async (run) => {
  const { home, lifetime, note } = run;
  const { signal } = lifetime;
  const build = await buildGoProgram(controlPlaneProgram, { logFile: home.logFile('go'), signal });
  if ('missing' in build) throw new AppError('GO_MISSING', build.missing);
  const training = trainModels(run);
  // Awaited below; until then a failure must not count as an unhandled rejection.
  training.catch(() => undefined);
  const { kubeconfig, pki } = await startControlPlane({
    program: build.path,
    dir: home.dir,
    logFile: (component) => home.logFile(component),
    lifetime,
  });
  const client = connect(kubeconfig, lifetime);
  await startNodeProcess(run, { client, pki });
  const trackingUri = trackingUriOf(home.registry);
  const gatewayUrl = await installFairlead(client, { trackingUri, logs: home.logs, note, signal });
  await training;
  return { kubeconfig, gatewayUrl, token: await makeCaller(client), scratch: home.dir };
};
