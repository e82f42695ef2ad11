/** Owns what a sidecar is made from. */
import type { SidecarConfig } from '../../core/sidecar-config.ts';
import type { Clock } from '../../platform/clock.ts';
import type { ListenAddress } from '../../platform/listener.ts';
import type { Logger } from '../../platform/logging.ts';
import type { Registry } from '../../platform/metrics.ts';
import type { TlsMaterial } from '../../platform/tls/tls-material.ts';
import type { WatchedFile } from '../../platform/watched-file.ts';
import type { ConnectionLimits } from '../downstream/connection-limits.ts';
import type { RowSettings } from '../rows/row-settings.ts';

export interface SidecarOptions {
  readonly data: ListenAddress;
  readonly admin: ListenAddress;
  readonly config: WatchedFile<SidecarConfig>;
  readonly tls: WatchedFile<TlsMaterial>;
  /** The file in which the fetcher of the pod tells how far it is, where there is a fetcher. */
  readonly fetchProgress: string | undefined;
  readonly rows: RowSettings;
  /** Name of the pod, for demand reports and files of rows. */
  readonly podName: string;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly log: Logger;
  /** What connections of callers may take, where the usual does not fit. */
  readonly limits?: Partial<ConnectionLimits>;
  /** How long what is under way may take once it stops, in milliseconds; default: ten seconds. */
  readonly closeGraceMs?: number | undefined;
}
