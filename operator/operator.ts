/** Owns the parts of a running operator and the order in which they start and stop. */
import { FetchBook } from '../core/fetching/fetch-book.ts';
import { ShareBook } from '../core/quota/share-book.ts';
import { StoreBook } from '../core/quota/store-book.ts';
import { DemandBook } from '../core/scaling/demand-book.ts';
import { makeKubeClient } from '../kube/client.ts';
import { startEventRecorder } from '../kube/events.ts';
import type { KubeMetrics } from '../kube/kube-metrics.ts';
import { startLeaderElection } from '../kube/leader-election.ts';
import type { LeaderElection } from '../kube/leader-election.ts';
import type { KubeTransport } from '../kube/transport.ts';
import type { Clock } from '../platform/clock.ts';
import { messageOf } from '../platform/errors.ts';
import type { Health } from '../platform/health.ts';
import type { Logger } from '../platform/logging.ts';
import type { Registry } from '../platform/metrics.ts';
import { followOperatorTls } from './certificates/operator-tls.ts';
import type { OperatorConfig } from './config/operator-config.ts';
import { makeDomainMetrics } from './domain-metrics/declare.ts';
import { followChanges } from './domain-metrics/follow-changes.ts';
import { leaderAddressOf, leaderIdentityOf } from './leader-address.ts';
import { startLeading } from './leading.ts';
import { makeConcurrencyReader } from './scaling/concurrency-reader.ts';
import { Idleness } from './scaling/idleness.ts';
import { startServing } from './serving.ts';
import { allInformers, startInformers } from './stores.ts';
import type { Informers } from './stores.ts';

export interface OperatorOptions {
  readonly config: OperatorConfig;
  readonly transport: KubeTransport;
  readonly health: Health;
  readonly metrics: KubeMetrics;
  /** For the metrics that parts of the operator declare themselves. */
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called when the process can do no more and must leave. */
  readonly onFailure: (reason: string) => void;
}

export interface Operator {
  /** Ends what it does as the leader, then its servers, its watches and its part in the election. */
  stop(): Promise<void>;
}

interface Part {
  stop(): Promise<void>;
}

/** How often how far a fetch is may be written: ten times a second, however many endpoints fetch at once. */
const fetchPace = { perEndpointMs: 10_000, apartMs: 100 };

/** Starts an operator; it leads when its turn comes, and serves as soon as there is a certificate. */
export function startOperator(options: OperatorOptions): Operator {
  const { config, transport, metrics, registry, log } = options;
  const informers = startInformers({ transport, log, metrics, systemNamespace: config.systemNamespace });
  const tls = followOperatorTls(informers.secrets, config.systemNamespace, log);
  const common = { ...options, informers, ...makeDemandParts(options, informers) };
  let leading: Part | undefined;
  const election = startElection(options, (lastHeldAt) => {
    leading = startLeading({ ...common, client, events, lastHeldAt });
  });
  const isLeader = (): boolean => election.isLeader();
  const uncount = followChanges({ informers, registry, metrics: common.domainMetrics, isLeader });
  const client = makeKubeClient(transport, { guard: election.assertLeader });
  const events = startEventRecorder({
    client,
    reportingController: 'serving.fairlead.dev/operator',
    reportingInstance: config.podName,
    log,
    metrics,
  });
  const leaderAddress = (): string | undefined => leaderAddressOf(election.leaderIdentity());
  const serving = startWhenPossible(options, (signal) =>
    startServing({ ...common, tls, isLeader, leaderAddress, signal }),
  );
  const watches = allInformers(informers);
  options.health.addReadinessCheck('stores', () =>
    watches.every((informer) => informer.hasSynced()) ? undefined : 'not complete yet',
  );
  return {
    stop: async () => {
      uncount();
      await leading?.stop();
      await serving.stop();
      await events.stop();
      await Promise.all(watches.map((informer) => informer.stop()));
      await election.stop();
    },
  };
}

/** Returns what is known of demand and fetches in this process: heard by its server, asked by those who act on it. */
function makeDemandParts({ config, registry, clock }: OperatorOptions, informers: Informers) {
  const book = makeBook(config);
  const idleness = new Idleness({ stores: informers, book, clock });
  const readConcurrency = makeConcurrencyReader({ book, idleness, stores: informers, clock });
  const fetches = new FetchBook({ ...fetchPace, expiryMs: config.scaling.reportExpiry });
  const told = { book, fetches, shares: makeShareBook(config), limitStore: makeStoreBook(config) };
  return { ...told, idleness, readConcurrency, domainMetrics: makeDomainMetrics(registry) };
}

function startElection(
  options: OperatorOptions,
  onStarted: (lastHeldAt: number | undefined) => void,
): LeaderElection {
  const { config, transport, log, metrics, onFailure } = options;
  return startLeaderElection({
    // Not fenced: the lease is written before anybody leads.
    client: makeKubeClient(transport),
    namespace: config.systemNamespace,
    name: 'fairlead-operator',
    identity: leaderIdentityOf(config.podName, config.podIp, config.demandPort),
    durations: {
      leaseMs: config.leaderElection.leaseDuration,
      renewDeadlineMs: config.leaderElection.renewDeadline,
      retryMs: config.leaderElection.retryPeriod,
    },
    log,
    metrics,
    onStarted,
    onLost: (reason) => onFailure(`leadership lost: ${reason}`),
  });
}

function makeBook({ scaling }: OperatorConfig): DemandBook {
  return new DemandBook({
    stableWindowMs: scaling.stableWindow,
    burstWindowMs: scaling.burstWindow,
    expiryMs: scaling.reportExpiry,
  });
}

/** Whoever holds something of the limits has reported twice before anything is given to others. */
const makeShareBook = ({ scaling }: OperatorConfig): ShareBook =>
  new ShareBook({ graceMs: scaling.reportInterval * 2.5, expiryMs: scaling.reportExpiry });

/** With reports once a second: what lasts for five of them is shown, and for half a minute at least. */
const makeStoreBook = ({ scaling }: OperatorConfig): StoreBook =>
  new StoreBook({
    settleMs: scaling.reportInterval * 5,
    restMs: scaling.reportInterval * 30,
    expiryMs: scaling.reportExpiry,
  });

/** The servers wait for a certificate, which on a first start the leader, perhaps this process, has yet to make. */
function startWhenPossible(
  { health, log, onFailure }: OperatorOptions,
  start: (signal: AbortSignal) => Promise<Part | undefined>,
): Part {
  const stopping = new AbortController();
  let started: Part | undefined;
  health.addReadinessCheck('servers', () => (started === undefined ? 'not listening yet' : undefined));
  const starting = start(stopping.signal).then(
    (part) => {
      started = part;
    },
    (error: unknown) => {
      log.fatal({ cause: messageOf(error) }, 'servers could not be started');
      onFailure('servers could not be started');
    },
  );
  return {
    stop: async () => {
      stopping.abort();
      await starting;
      await started?.stop();
    },
  };
}
