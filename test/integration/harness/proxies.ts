/** Owns the part of gateways and sidecars in tests: who they are, and the demand that they report. */
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { DemandReport } from '../../../core/scaling/demand-report.ts';
import type { KubeClient } from '../../../kube/client.ts';
import { secrets } from '../../../kube/kinds.ts';
import { until } from './until.ts';

export interface MutualTls {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** Returns the certificate that a Secret holds, once it has been made. */
export async function tlsOf(client: KubeClient, namespace: string, name: string): Promise<MutualTls> {
  const { data = {} } = await until(`there is the Secret ${name}`, () =>
    client.find(secrets, { name, namespace }),
  );
  const read = (key: string): string => Buffer.from(data[key] ?? '', 'base64').toString('utf8');
  return { cert: read('tls.crt'), key: read('tls.key'), ca: read('ca.crt') };
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly location: string | undefined;
}

/** Asks an HTTPS server; without `tls` as nobody in particular. */
export function ask(url: string, method: string, tls: Partial<MutualTls>, body?: unknown): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const options = {
    ...tls,
    method,
    agent: false,
    checkServerIdentity: () => undefined,
    rejectUnauthorized: tls.ca !== undefined,
  };
  const sent = request(url, options, (response) => {
    text(response).then(
      (answer) =>
        resolve({ status: response.statusCode ?? 0, body: answer, location: response.headers.location }),
      reject,
    );
  });
  sent.once('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}

/** Returns a report on one Deployment. */
export function aReport(
  reporter: string,
  on: { readonly endpoint: string; readonly deployment: string; readonly namespace?: string },
  numbers: { readonly inFlight?: number; readonly queued?: number; readonly finished?: number } = {},
): DemandReport {
  const { inFlight = 0, queued = 0, finished = 0 } = numbers;
  const averageConcurrency = inFlight + queued;
  return {
    reporter,
    instance: 'instance-1',
    intervalMs: 1_000,
    entries: [{ namespace: 'default', ...on, inFlight, queued, finished, averageConcurrency }],
  };
}
