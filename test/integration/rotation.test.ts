/** Owns the proof that everything that proves an identity is replaced, twice, under load, and no request fails. */
import { X509Certificate } from 'node:crypto';
import { Agent, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { annotations } from '../../crds/schema/api.ts';
import { deployments, secrets } from '../../kube/kinds.ts';
import type { ListenAddress } from '../../platform/listener.ts';
import type { Gateway } from '../../proxy/gateway/gateway.ts';
import type { Sidecar } from '../../proxy/sidecar/sidecar.ts';
import { startModelServer } from '../../proxy/testing/model-server-fixture.ts';
import type { ModelServer } from '../../proxy/testing/model-server-fixture.ts';
import { anEndpoint } from '../support/an-endpoint.ts';
import { deploymentsOf, startObligingNodes } from './harness/nodes.ts';
import { tlsOf } from './harness/proxies.ts';
import { answers, setPods, startGatewayHere, startSidecarHere } from './harness/request-path.ts';
import { until } from './harness/until.ts';
import { startWorld, systemNamespace } from './harness/world.ts';
import type { RunningOperator, World } from './harness/world.ts';

const name = 'evergreen';
const podHost = `127.91.${process.pid % 250}.1`;
const certificates = { propagation: '1s' };
const dataPlane = { propagation: '1s' };

let world: World;
let nodes: { stop(): Promise<void> };
let operator: RunningOperator;
let model: ModelServer;
let sidecar: Sidecar;
let gateway: Gateway;

beforeAll(async () => {
  world = await startWorld();
  nodes = startObligingNodes(world.client);
  operator = await world.startOperator({ certificates, dataPlane });
  await world.apply(anEndpoint(name).servingModel('models:/iris/1').manifest());
  await until('it is ready', async () => (await world.endpoint(name)).status?.ready === 'True');
  const [made] = await deploymentsOf(world.client, name);
  const deployment = made?.metadata?.name ?? '';
  model = await startModelServer();
  sidecar = await startSidecarHere(world, { endpoint: name, deployment, name: 'pod', host: podHost, model });
  await setPods(world.client, deployment, [podHost]);
  gateway = await startGatewayHere(world, operator, { tls: true });
  await answers('the gateway', () => ask(gateway.tlsAddress!));
});
afterAll(async () => {
  await gateway.stop();
  await sidecar.stop();
  await model.stop();
  await nodes.stop();
  await world.stop();
});

const bundle = async (): Promise<string> =>
  (await tlsOf(world.client, systemNamespace, 'fairlead-gateway-tls')).ca;

/** Asks the endpoint over TLS; on a new connection unless `agent` keeps one. */
async function ask(to: ListenAddress, agent?: Agent): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const sent = request(
    {
      ...to,
      path: `/serving-endpoints/${name}/invocations`,
      method: 'POST',
      headers: { authorization: `Bearer ${world.api.adminToken}`, 'content-type': 'application/json' },
      servername: `fairlead-gateway.${systemNamespace}.svc`,
      ...(agent === undefined ? { agent: false, ca: await bundle() } : { agent }),
    },
    (response) => {
      response
        .resume()
        .once('end', () => resolve(response.statusCode ?? 0))
        .once('error', reject);
    },
  );
  sent.once('error', reject).end('{"inputs":[1]}');
  return promise;
}

interface Load {
  readonly answered: () => number;
  /** Ends it, and returns in words what did not go well. */
  stop(): Promise<string[]>;
}

/** Some callers keep their connection for as long as it lasts, some open one for each request. */
async function startLoad(): Promise<Load> {
  const end = new AbortController();
  const failures: string[] = [];
  let answered = 0;
  const agents = await Promise.all(
    Array.from({ length: 2 }, async () => new Agent({ keepAlive: true, maxSockets: 1, ca: await bundle() })),
  );
  const call = async (agent?: Agent): Promise<void> => {
    while (!end.signal.aborted) {
      const outcome = await ask(gateway.tlsAddress!, agent).catch(String);
      if (outcome === 200) answered += 1;
      else failures.push(String(outcome));
      await sleep(10);
    }
  };
  const callers = [call(), call(), ...agents.map((agent) => call(agent))];
  return {
    answered: () => answered,
    stop: async () => {
      end.abort();
      await Promise.all(callers);
      for (const agent of agents) agent.destroy();
      return failures;
    },
  };
}

/** Returns the certificate that is shown at a port; `who` shows itself there. */
async function shownAt({ host, port }: ListenAddress, who: string): Promise<X509Certificate> {
  const { cert, key, ca } = await tlsOf(world.client, systemNamespace, who);
  const socket = connect({ host, port, cert, key, ca, checkServerIdentity: () => undefined });
  return new Promise((resolve, reject) => {
    socket.once('error', reject).once('secureConnect', () => {
      resolve(socket.getPeerX509Certificate()!);
      socket.destroy();
    });
  });
}

const authority = async (): Promise<X509Certificate> =>
  new X509Certificate((await tlsOf(world.client, systemNamespace, 'fairlead-ca')).cert);

/** Whether everybody shows a certificate of the authority that signs now. */
async function areAllNew(): Promise<boolean> {
  const signer = await authority();
  const shown = await Promise.all([
    shownAt(gateway.tlsAddress!, 'fairlead-gateway-tls'),
    shownAt(sidecar.data, 'fairlead-gateway-tls'),
    shownAt({ host: operator.host, port: operator.demandPort }, 'fairlead-gateway-tls'),
    shownAt({ host: operator.host, port: operator.metricsPort }, 'fairlead-gateway-tls'),
  ]);
  const { cert } = await tlsOf(world.client, systemNamespace, 'fairlead-api-tls');
  return [...shown, new X509Certificate(cert)].every((certificate) => certificate.verify(signer.publicKey));
}

const askToRotate = (secret: string, request: string) =>
  world.client.mergePatch(
    secrets,
    { name: secret, namespace: systemNamespace },
    { metadata: { annotations: { [annotations.rotate]: request } } },
  );

describe('under load', () => {
  it.each(['first', 'second'])(
    'the %s replacement of the authority and of all that it signed is not noticed',
    async (which) => {
      const before = await authority();
      const load = await startLoad();
      await askToRotate('fairlead-ca', which);
      await until(
        'another authority signs',
        async () => (await authority()).fingerprint256 !== before.fingerprint256,
      );
      await until('everybody shows a new certificate', areAllNew);
      const afterwards = load.answered();
      await until('the load goes on', () => load.answered() > afterwards + 20);
      expect(await load.stop()).toEqual([]);
    },
  );

  it('demand was reported all along', async () => {
    const { items } = await world.client.list(deployments, { namespace: 'default' });
    expect(items).toHaveLength(1);
    const { cert, key, ca } = await tlsOf(world.client, systemNamespace, 'fairlead-operator-tls');
    const answer = await new Promise<string>((resolve, reject) => {
      const { host, demandPort: port } = operator;
      const path = `/v1/concurrency?namespace=default`;
      request(
        { host, port, path, cert, key, ca, checkServerIdentity: () => undefined, agent: false },
        (response) => {
          response.setEncoding('utf8').once('data', resolve);
        },
      )
        .once('error', reject)
        .end();
    });
    expect(JSON.parse(answer)).toMatchObject([{ deployment: items[0]?.metadata?.name }]);
  });
});
