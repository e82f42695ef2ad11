/** Owns what the whole installation depends on, kept up to date by the leader: trust, the metrics API, who scales. */
import type { KubeClient } from '../kube/client.ts';
import type { Clock } from '../platform/clock.ts';
import { messageOf } from '../platform/errors.ts';
import type { Logger } from '../platform/logging.ts';
import type { WebhookTrust } from './admission/webhook-trust.ts';
import { reconcileAuthority } from './certificates/authority-keeper.ts';
import type { Authority } from './certificates/authority.ts';
import type { Publication } from './certificates/publication.ts';
import { reconcileSystemCertificates } from './certificates/system-certificates.ts';
import type { OperatorConfig } from './config/operator-config.ts';
import { reconcileDataPlaneKeys } from './data-plane-keys/key-keeper.ts';
import type { PublishedKeys } from './data-plane-keys/key-keeper.ts';
import {
  apiServiceName,
  metricsApiStateOf,
  reconcileApiService,
} from './metrics-adapter/reconcile-api-service.ts';
import { directNamespacesOf } from './route-optimised/direct-names.ts';
import { restInMs, sameKeys } from './rotation.ts';
import { probeNativeZero } from './scaling/scaling-mode.ts';
import type { ScalingMode } from './scaling/scaling-mode.ts';
import type { Informers } from './stores.ts';

export interface Foundations {
  readonly authority: Authority;
  readonly dataPlaneKeys: PublishedKeys;
  readonly scalingMode: ScalingMode;
  /** Those for whose Services gateways have a certificate. */
  readonly directNamespaces: readonly string[];
}

export interface FoundationsOptions {
  readonly config: OperatorConfig;
  /** Fenced: it writes only while this process leads. */
  readonly client: KubeClient;
  readonly informers: Informers;
  readonly webhookTrust: WebhookTrust;
  readonly publication: Publication;
  readonly clock: Clock;
  readonly log: Logger;
}

const upkeepIntervalMs = 60_000;
const firstRetryMs = 250;
const longestRetryMs = 30_000;

/** Returns when to look after the foundations again, after so many failures in a row. */
export const nextLookInMs = (failures: number): number =>
  failures === 0 ? upkeepIntervalMs : Math.min(firstRetryMs * 2 ** (failures - 1), longestRetryMs);

/** Returns when the first step is due in the life of the authority or of the keys, in milliseconds from `now`. */
export const dueInMs = ({ authority, dataPlaneKeys }: Foundations, now: number): number =>
  restInMs([authority.dueAt, dataPlaneKeys.dueAt], now);

/**
 * Brings the foundations up to date. Returns undefined after a failure, which is logged and to be tried again: nothing
 * here may end the process.
 */
export async function layFoundations(
  options: FoundationsOptions,
  before: Foundations | undefined,
): Promise<Foundations | undefined> {
  try {
    const authority = await reconcileAuthority(options);
    // Whom to trust is told before anybody shows a certificate: from the first moment on webhooks can be asked.
    await options.webhookTrust.reconcile(authority.bundlePem);
    const { client, config, informers, log } = options;
    const directNamespaces = directNamespacesOf(informers.endpoints.store.list());
    await reconcileSystemCertificates({ ...options, directNamespaces }, authority);
    const dataPlaneKeys = await reconcileDataPlaneKeys(options);
    const apiService = informers.apiServices.store.get(apiServiceName);
    const metricsApi = await reconcileApiService(client, config, apiService, authority.bundlePem);
    const known = before?.scalingMode.nativeZero;
    const nativeZero = config.scaling.nativeScaleToZero
      ? await probeNativeZero(client, config.systemNamespace, known, log)
      : 'off';
    return { authority, dataPlaneKeys, scalingMode: { metricsApi, nativeZero }, directNamespaces };
  } catch (error) {
    options.log.error(
      { cause: messageOf(error) },
      'certificates, webhooks or the metrics API are not up to date, trying again',
    );
    return undefined;
  }
}

/** Returns whether nothing has changed that endpoints depend on. */
export const sameFoundations = (left: Foundations, right: Foundations): boolean =>
  left.authority.bundlePem === right.authority.bundlePem &&
  left.authority.certificatePem === right.authority.certificatePem &&
  sameKeys(left.dataPlaneKeys.keys, right.dataPlaneKeys.keys) &&
  left.scalingMode.metricsApi === right.scalingMode.metricsApi &&
  left.scalingMode.nativeZero === right.scalingMode.nativeZero;

export interface MetricsApiWatch {
  readonly informers: { readonly apiServices: Pick<Informers['apiServices'], 'store'> };
  readonly config: Pick<OperatorConfig, 'systemNamespace'>;
}

/** Returns whether the metrics API has come into other hands since the foundations were laid. */
export const isMetricsApiMoved = (
  { informers, config }: MetricsApiWatch,
  { scalingMode }: Pick<Foundations, 'scalingMode'>,
): boolean =>
  metricsApiStateOf(informers.apiServices.store.get(apiServiceName), config) !== scalingMode.metricsApi;
