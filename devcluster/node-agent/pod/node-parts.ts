/** Owns what every pod on this node shares: the API, the machine, the images and where files are kept. */
import type { Clock } from '../../../platform/clock.ts';
import type { Logger } from '../../../platform/logging.ts';
import type { ProcessRecords } from '../../../platform/processes/process-records.ts';
import type { ImageTable } from '../image-table.ts';
import type { AddressPool } from '../network/addresses.ts';
import type { MemoryGuard } from '../process/memory-guard.ts';
import type { NodeApi } from '../node-api.ts';
import type { BackOffLimits } from './back-off.ts';

export interface NodeParts {
  readonly api: NodeApi;
  readonly log: Logger;
  readonly clock: Clock;
  readonly images: ImageTable;
  readonly records: ProcessRecords;
  readonly memory: MemoryGuard;
  /** The node's own address, which pods in the host's network have too. */
  readonly nodeAddress: string;
  readonly addresses: AddressPool;
  readonly backOff: BackOffLimits;
  /** What the node has to give, by resource. */
  readonly allocatable: Readonly<Record<string, string>>;
  /** Holds one directory for each pod, named by its uid. */
  readonly podsDir: string;
  /** Holds one directory of container logs for each pod, named like the pod. */
  readonly logsDir: string;
  /** Variables that replace those of the Service `default/kubernetes` where its address cannot be served here. */
  apiEnvironment(): Readonly<Record<string, string>>;
}
