/** Owns a cluster that somebody else runs, with Fairlead installed, as a place for journeys. */
import type { KubeClient } from '../../../kube/client.ts';
import { services } from '../../../kube/kinds.ts';
import type { Service } from '../../../kube/kinds.ts';
import { AppError } from '../../../platform/errors.ts';
import { connect } from '../../../quickstart/cluster/connect.ts';
import { trainModels } from '../models.ts';
import { makeCaller, removeCaller } from './caller.ts';
import type { Target } from './run.ts';

const gateway = { name: 'fairlead-gateway', namespace: 'fairlead-system' };

/**
 * Connects to it as `E2E_KUBECONFIG` says. `E2E_GATEWAY_URL` and `E2E_TOKEN` say how its endpoints are asked;
 * with `E2E_TRACKING_URI` the models are registered there.
 *
 * @throws AppError `E2E_GATEWAY_UNKNOWN`; ApiError as the cluster answers.
 */
export const useGivenCluster: Target = async (run) => {
  const { home, lifetime } = run;
  const { E2E_KUBECONFIG: kubeconfig = '', E2E_GATEWAY_URL, E2E_TOKEN, E2E_TRACKING_URI } = process.env;
  const client = connect(kubeconfig, lifetime);
  const gatewayUrl = E2E_GATEWAY_URL ?? urlOf(await client.get(services, gateway));
  if (E2E_TRACKING_URI !== undefined) await trainModels(run, E2E_TRACKING_URI);
  const token = E2E_TOKEN ?? (await borrowCaller(client, run));
  return { kubeconfig, gatewayUrl: gatewayUrl.replace(/\/$/, ''), token, scratch: home.dir };
};

async function borrowCaller(client: KubeClient, { lifetime }: Parameters<Target>[0]): Promise<string> {
  lifetime.add({ name: 'caller', stop: () => removeCaller(client), force: () => undefined });
  return makeCaller(client);
}

/**
 * Returns the URL at which a Service of the type LoadBalancer is reached.
 *
 * @throws AppError `E2E_GATEWAY_UNKNOWN` where it has no address outside of the cluster.
 */
export function urlOf({ spec, status }: Service): string {
  const [ingress] = status?.loadBalancer?.ingress ?? [];
  const [port] = spec?.ports ?? [];
  if (ingress === undefined || port === undefined) {
    throw new AppError(
      'E2E_GATEWAY_UNKNOWN',
      'the Service fairlead-gateway has no address outside of the cluster; say where it is reached, e.g. ' +
        'kubectl -n fairlead-system port-forward svc/fairlead-gateway 8080:80 and E2E_GATEWAY_URL=http://127.0.0.1:8080',
    );
  }
  const scheme = port.port === 443 ? 'https' : 'http';
  return `${scheme}://${ingress.hostname ?? ingress.ip ?? ''}:${port.port}`;
}
