/** Owns the declarations of this room's metrics: names, labels, buckets. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export type KubeMetrics = ReturnType<typeof makeKubeMetrics>;

const buckets = [0.001, 0.005, 0.02, 0.1, 0.5, 1, 5, 10, 60];

/**
 * Returns the metrics of this room, declared on `registry`; make them once per process and pass them on. Without a
 * registry they count for nobody, which suits tests and one-off programs.
 */
export function makeKubeMetrics(registry: Registry = new Registry()) {
  return {
    ...requestMetrics(registry),
    ...informerMetrics(registry),
    ...queueMetrics(registry),
    ...controllerMetrics(registry),
  };
}

const counter = <Label extends string>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly Label[],
) => new Counter({ name: `fairlead_${name}`, help, labelNames, registers: [registry] });

const gauge = <Label extends string>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly Label[],
) => new Gauge({ name: `fairlead_${name}`, help, labelNames, registers: [registry] });

const histogram = <Label extends string>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly Label[],
) => new Histogram({ name: `fairlead_${name}`, help, labelNames, buckets, registers: [registry] });

const requestMetrics = (registry: Registry) => ({
  requests: counter(
    registry,
    'kube_requests_total',
    'Requests to the Kubernetes API by method and answer: 2xx, another status, or the code of what went wrong',
    ['method', 'answer'],
  ),
  requestSeconds: histogram(
    registry,
    'kube_request_seconds',
    'Time from sending a request to the Kubernetes API to its whole answer (to its headers, for a watch)',
    ['method'],
  ),
  eventsRecorded: counter(
    registry,
    'kube_events_recorded_total',
    'Kubernetes Events by what became of them: created, counted, limited, dropped, failed',
    ['result'],
  ),
});

const informerMetrics = (registry: Registry) => ({
  lists: counter(registry, 'kube_lists_total', 'Full lists that reflectors began, by resource', ['resource']),
  watchEnds: counter(
    registry,
    'kube_watch_ends_total',
    'Watches that ended, by resource and cause; each is followed by a reconnect',
    ['resource', 'cause'],
  ),
  ...silenceMetric(registry),
  storeObjects: gauge(registry, 'kube_store_objects', 'Objects in the store of a resource', ['resource']),
  handlerFailures: counter(
    registry,
    'kube_handler_failures_total',
    'Change handlers of an informer that threw, by resource',
    ['resource'],
  ),
});

/** A gauge that is read when it is scraped: silence grows by itself, so nobody would set it. */
function silenceMetric(registry: Registry) {
  const readers = new Map<() => number, string>();
  const silence = new Gauge({
    name: 'fairlead_kube_seconds_since_last_event',
    help: 'Seconds since the server last said anything about a resource: a list, an event or a bookmark',
    labelNames: ['resource'] as const,
    registers: [registry],
    collect: () => {
      silence.reset();
      for (const [seconds, resource] of readers) silence.set({ resource }, seconds());
    },
  });
  return {
    /** Reports `seconds()` for a resource at each scrape, until the function that it returns is called. */
    reportSilence: (resource: string, seconds: () => number): (() => void) => {
      readers.set(seconds, resource);
      return () => readers.delete(seconds);
    },
  };
}

const queueMetrics = (registry: Registry) => ({
  queueDepth: gauge(registry, 'workqueue_depth', 'Keys that wait for a worker', ['queue']),
  queueAdds: counter(registry, 'workqueue_adds_total', 'Keys that were put in line', ['queue']),
  queueRetries: counter(registry, 'workqueue_retries_total', 'Keys that the rate limiter put off', ['queue']),
  queueSeconds: histogram(registry, 'workqueue_queue_seconds', 'Time that a key waited in line', ['queue']),
});

const controllerMetrics = (registry: Registry) => ({
  reconciles: counter(
    registry,
    'controller_reconcile_total',
    'Reconciles by controller and result: success, requeue_after, error, terminal_error, panic',
    ['controller', 'result'],
  ),
  reconcileSeconds: histogram(registry, 'controller_reconcile_seconds', 'Time that one reconcile took', [
    'controller',
  ]),
  activeWorkers: gauge(registry, 'controller_active_workers', 'Workers that reconcile at this moment', [
    'controller',
  ]),
  leading: gauge(registry, 'leader_election_leading', '1 while this process holds the lease, else 0', [
    'lease',
  ]),
});
