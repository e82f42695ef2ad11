/** Owns Fairlead's own processes under measurement: the gateway and the sidecar, as the image runs them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sidecarEnvironment } from '../../../../operator/serving-endpoint/resources/make-sidecar-container.ts';
import { repository } from '../../../../quickstart/settings.ts';
import { installedEnvironment } from '../../installed-environment.ts';
import { startMeasured } from '../../measured-process.ts';
import type { MeasuredProcess } from '../../measured-process.ts';
import { freePort } from '../free-port.ts';
import type { Bench } from '../with-bench.ts';
import { writeSidecarConfig } from './sidecar-config.ts';

const program = join(repository, 'dist', 'fairlead.js');
const plainSidecar = join(import.meta.dirname, 'plain-sidecar-process.ts');

/** Starts a gateway that watches the run's cluster; `towards`: what it is to callers at `port`. */
export async function startGatewayProcess(
  bench: Bench,
  port: number,
  towards: 'plain' | 'tls' = 'plain',
): Promise<MeasuredProcess> {
  const serviceAccount = join(bench.directory, 'service-account');
  mkdirSync(serviceAccount, { recursive: true });
  writeFileSync(join(serviceAccount, 'token'), 'gateway-token');
  writeFileSync(join(serviceAccount, 'namespace'), 'fairlead-system');
  writeFileSync(join(serviceAccount, 'ca.crt'), bench.pki.authority.certificatePem);
  const api = new URL(bench.cluster.api.url);
  const flags = {
    host: '127.0.0.1',
    ...(towards === 'plain'
      ? { port }
      : { http: 'false', tls: 'true', 'tls-port': port, 'front-tls-dir': bench.gatewayTls }),
    'admin-port': await freePort(),
    'tls-dir': bench.gatewayTls,
    'service-account-dir': serviceAccount,
    'demand-url': 'https://127.0.0.1:1/v1/demand',
    'drain-ms': 0,
    'shutdown-grace-ms': 500,
  };
  return startMeasured([process.execPath, program, 'gateway', ...flagsOf(flags)], {
    port,
    env: {
      ...installedEnvironment('fairlead-gateway'),
      KUBERNETES_SERVICE_HOST: api.hostname,
      KUBERNETES_SERVICE_PORT: api.port,
    },
  });
}

/** Starts a sidecar of `team-a/wine`, with as much memory as its pod gives it. */
export async function startSidecarProcess(
  bench: Bench,
  ports: { readonly port: number; readonly modelPort: number },
  concurrency?: number,
): Promise<MeasuredProcess> {
  const flags = {
    host: '127.0.0.1',
    port: ports.port,
    'admin-port': await freePort(),
    'tls-dir': bench.sidecarTls,
    'sidecar-config': writeSidecarConfig(bench.directory, ports.modelPort, concurrency),
  };
  return startMeasured([process.execPath, program, 'sidecar', ...flagsOf(flags)], {
    port: ports.port,
    env: sidecarEnvironment,
  });
}

/** Starts the sidecar's pipeline without TLS. */
export const startPlainSidecar = (
  directory: string,
  ports: { readonly port: number; readonly modelPort: number },
): Promise<MeasuredProcess> =>
  startMeasured(
    [process.execPath, plainSidecar, String(ports.port), writeSidecarConfig(directory, ports.modelPort)],
    { port: ports.port, env: sidecarEnvironment },
  );

const flagsOf = (flags: Readonly<Record<string, string | number>>): string[] =>
  Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
