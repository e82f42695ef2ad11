/** Owns what a sidecar does beyond serving its own model where callers come to it themselves: whom it knows, where it sends. */
import { parseInvocationPath } from '../../core/routing/invocation-path.ts';
import type { SidecarConfig } from '../../core/sidecar-config.ts';
import type { Clock } from '../../platform/clock.ts';
import type { TlsMaterial } from '../../platform/tls/tls-material.ts';
import type { WatchedFile } from '../../platform/watched-file.ts';
import { DataPlaneTokens } from '../direct/data-plane-tokens.ts';
import type { DirectExchange } from '../direct/direct-exchange.ts';
import { DirectionsTable } from '../direct/directions-table.ts';
import { droppedReasonHeader, refusals } from '../errors.ts';
import type { Stage } from '../exchange.ts';
import { pushForwardedCaller } from '../forwarded-caller.ts';
import { headerOf } from '../http1/header-of.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { forwardedPath } from '../sidecar-paths.ts';
import { makeChooseWay } from '../stages/choose-way/choose-way.ts';
import { makeKnowDirectCaller } from '../stages/know-direct-caller/know-direct-caller.ts';
import { Pool } from '../upstream/pool.ts';
import type { UpstreamFailure } from '../upstream/upstream-request.ts';

export interface DirectCallersOptions {
  readonly config: WatchedFile<SidecarConfig>;
  readonly tls: WatchedFile<TlsMaterial>;
  readonly clock: Clock;
}

type DirectSettings = NonNullable<SidecarConfig['routeOptimized']>;

type Stages = Record<'authenticate' | 'choose' | 'queue', Stage<DirectExchange>>;

/** Shorter than the time that sidecars and gateways keep idle connections. */
const idleMs = 60_000;
/** For how long a peer that refused a connection is passed over. */
const suspicionMs = 2_000;

export class DirectCallers {
  readonly table: DirectionsTable;
  readonly #config: WatchedFile<SidecarConfig>;
  readonly #clock: Clock;
  readonly #tokens: DataPlaneTokens;
  readonly #gateway: Pool;
  #settings: DirectSettings;
  #queue: Stage<DirectExchange> | undefined;
  #passing = 0;

  /** What the file says of the gateway at the start holds for the life of the process. */
  constructor({ config, tls, clock }: DirectCallersOptions) {
    this.#config = config;
    this.#clock = clock;
    this.#settings = settingsOf(config.current);
    const secureContext = () => tls.current.secureContext;
    const { gateway, identity, keys } = this.#settings;
    const { hostname, port } = new URL(gateway.url);
    this.#gateway = new Pool({
      host: hostname,
      port: port === '' ? 443 : Number(port),
      tls: { secureContext, identity: gateway.identity },
      idleMs,
      clock,
    });
    this.table = new DirectionsTable(
      (address) => new Pool({ ...address, tls: { secureContext, identity }, idleMs, clock }),
      () => clock.monotonic(),
    );
    this.#tokens = new DataPlaneTokens(() => clock.now());
    this.#tokens.setKeys(keys);
    config.onChange(({ routeOptimized }) => {
      // Callers are no longer to come: what is under way goes on until the pod is replaced.
      this.#settings = routeOptimized ?? { ...this.#settings, keys: [] };
      this.#tokens.setKeys(this.#settings.keys);
    });
    tls.onChange(() => {
      this.table.renewConnections();
      this.#gateway.closeIdle();
    });
  }

  /** Requests that are under way to other sidecars and to gateways. */
  get passing(): number {
    return this.#passing;
  }

  /** Notes on the exchange what a caller asks for; false: `path` is no caller's. */
  takesPath(exchange: DirectExchange, path: string): boolean {
    const asked = parseInvocationPath(path);
    const { endpoint } = this.#config.current;
    const { publicName } = this.#settings;
    if (asked?.namespace !== endpoint.namespace || asked.endpoint !== publicName) return false;
    exchange.asked = asked;
    return true;
  }

  /** Returns the stages that take the place of `own`, which go on serving what is served here. */
  stages({ authenticate, choose, queue }: Stages): Stages {
    const config = this.#config;
    this.#queue = queue;
    return {
      authenticate: makeKnowDirectCaller({
        tokens: this.#tokens,
        trustForwarder: authenticate,
        endpointUid: () => config.current.endpoint.uid,
        now: () => this.#clock.now(),
        keys: () => this.#settings.keys,
      }),
      choose: makeChooseWay({
        table: this.table,
        serveLocally: choose,
        deployment: () => config.current.deployment,
      }),
      queue: {
        name: queue.name,
        run: (exchange) => {
          if (exchange.way === undefined) return queue.run(exchange);
          exchange.isPassing = true;
          this.#passing += 1;
          return true;
        },
        finish: (exchange) => {
          queue.finish?.(exchange);
          this.#leave(exchange);
        },
      },
    };
  }

  /** Returns where an exchange goes that is not served here. */
  poolOf({ way }: DirectExchange): Pool | undefined {
    return way === 'gateway' ? this.#gateway : way?.pool;
  }

  /** A peer serves whatever it is sent; a gateway is told which entity. */
  pathOf({ way, route, query }: DirectExchange): string | undefined {
    if (way === undefined) return undefined;
    if (way !== 'gateway') return forwardedPath + query;
    const { namespace } = this.#config.current.endpoint;
    const { publicName } = this.#settings;
    const entity = route === undefined ? '' : `/served-models/${route.servedEntity}`;
    return `/namespaces/${namespace}/serving-endpoints/${publicName}${entity}/invocations${query}`;
  }

  /** The next hop is told who asks, and that the request is accounted. */
  addRequestHeaders(exchange: DirectExchange, headers: string[]): void {
    if (exchange.way !== undefined) pushForwardedCaller(headers, exchange);
  }

  /** Where nothing of the request has been heard, somebody else may answer it. */
  afterFailure(exchange: DirectExchange, { kind }: UpstreamFailure): 'back' | undefined {
    return kind === 'unsent' && this.#goesBack(exchange) ? 'back' : undefined;
  }

  /** A peer that cannot reach its model says so; nobody has heard the request then either. */
  takesBack(exchange: DirectExchange, { status, headers }: ResponseHead): boolean {
    const { way, body } = exchange;
    if (status !== 503 || way === undefined || way === 'gateway' || body === undefined) return false;
    if (headerOf(headers, droppedReasonHeader) !== refusals.unreachable.reason) return false;
    return this.#goesBack(exchange);
  }

  stop(): void {
    this.table.stop();
    this.#gateway.destroy();
  }

  #goesBack(exchange: DirectExchange): boolean {
    const { asked, way } = exchange;
    if (asked === undefined || way === 'gateway') return false;
    if (way !== undefined) way.suspectUntil = this.#clock.monotonic() + suspicionMs;
    exchange.tried = [...(exchange.tried ?? []), way ?? 'here'];
    this.#queue?.finish?.(exchange);
    this.#leave(exchange);
    exchange.goBackTo('choose');
    return true;
  }

  #leave(exchange: DirectExchange): void {
    if (exchange.isPassing) this.#passing -= 1;
    exchange.isPassing = false;
    exchange.leaveWay();
  }
}

function settingsOf({ routeOptimized }: SidecarConfig): DirectSettings {
  if (routeOptimized === undefined) throw new Error('the endpoint is not route-optimised');
  return routeOptimized;
}
