/** Owns access to a fake API server for tests that are not about credentials. */
import { makeLogger } from '../../platform/logging.ts';
import type { ClusterAccess } from '../credentials.ts';
import { KubeTransport } from '../transport.ts';

export const silentLog = makeLogger({ process: 'test', level: 'silent' });

/** Returns access without credentials. */
export const plainAccess = (baseUrl: string): ClusterAccess => {
  const credentials = { tls: {}, headers: {} };
  return {
    baseUrl,
    defaultNamespace: 'default',
    credentials: () => Promise.resolve(credentials),
    invalidate: () => undefined,
  };
};

export const plainTransport = (baseUrl: string, timeoutMs = 10_000): KubeTransport =>
  new KubeTransport({ access: plainAccess(baseUrl), userAgent: 'test', timeoutMs });
