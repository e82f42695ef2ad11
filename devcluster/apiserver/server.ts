/** Owns the API server's public face: what it is started with, and what it offers to the process that started it. */
import type { Clock } from '../../platform/clock.ts';
import type { ListenAddress } from '../../platform/listener.ts';
import type { Logger } from '../../platform/logging.ts';
import type { LocalClient } from './client/local-client.ts';
import type { NodeServices } from './node-services.ts';

export interface ApiServerOptions {
  /** Holds the objects, the certificate authority and the keys between two starts. */
  readonly stateDir: string;
  readonly address: ListenAddress;
  readonly log: Logger;
  readonly clock?: Clock;
}

export interface ServiceAccountTokenRequest {
  readonly namespace: string;
  readonly name: string;
  readonly audiences?: readonly string[];
  /** Default one hour. */
  readonly expirationSeconds?: number;
  /** Binds the token to a pod: it ends with the pod. */
  readonly pod?: { readonly name: string; readonly uid: string };
}

export interface ApiServer {
  readonly address: ListenAddress;
  /** `https://127.0.0.1:<port>` */
  readonly url: string;
  /** The certificate authority that signed the serving certificate. */
  readonly caPem: string;
  /** The bearer token of user `admin` in group `system:masters`. */
  readonly adminToken: string;
  /** `name` is the field manager of what the component writes. */
  localClient(name: string): LocalClient;
  /** @throws ApiError 404 where the ServiceAccount does not exist. */
  issueServiceAccountToken(
    request: ServiceAccountTokenRequest,
  ): Promise<{ readonly token: string; readonly expiresAt: number }>;
  setNodeServices(services: NodeServices): void;
  stop(): Promise<void>;
}
