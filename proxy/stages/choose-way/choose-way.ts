/** Owns which way a request goes that came to a sidecar: served here, to a sidecar of another entity, or to a gateway. */
import type { DirectExchange } from '../../direct/direct-exchange.ts';
import type { DirectionsTable } from '../../direct/directions-table.ts';
import type { Peer } from '../../direct/peer.ts';
import { refusals } from '../../errors.ts';
import type { Stage } from '../../exchange.ts';

export interface ChooseWayOptions {
  readonly table: DirectionsTable;
  /** Serves it here. */
  readonly serveLocally: Stage<DirectExchange>;
  /** Name of the Deployment that this sidecar belongs to. */
  readonly deployment: () => string;
}

const mostTried = 2;

/** Returns the stage that chooses the way. What proxies have sent here is served here: they have chosen already. */
export function makeChooseWay({ table, serveLocally, deployment }: ChooseWayOptions): Stage<DirectExchange> {
  return {
    name: 'choose',
    run: (exchange) => {
      const labelled = serveLocally.run(exchange);
      if (exchange.asked === undefined) return labelled;
      const { servedEntity } = exchange.asked;
      const isKnown = !table.isEmpty;
      // A second look for the same request is not a second turn.
      exchange.route ??= servedEntity === undefined ? table.next() : table.routeOf(servedEntity);
      if (exchange.route === undefined && isKnown && servedEntity !== undefined) {
        exchange.refuse(refusals.unknownEntity(servedEntity));
        return false;
      }
      chooseWay(exchange, table, deployment());
      return true;
    },
  };
}

function chooseWay(exchange: DirectExchange, table: DirectionsTable, own: string): void {
  const { route, tried = [] } = exchange;
  exchange.leaveWay();
  if (route?.deployment === own && !tried.includes('here')) return;
  exchange.servedEntity = route?.servedEntity ?? '';
  exchange.deployment = route?.deployment ?? '';
  exchange.takeWay(peerFor(route?.deployment, tried, table) ?? 'gateway');
}

/** Who has been to so many in vain is better off with somebody who knows them all. */
const peerFor = (
  deployment: string | undefined,
  tried: readonly unknown[],
  table: DirectionsTable,
): Peer | undefined =>
  deployment === undefined || tried.length >= mostTried ? undefined : table.pick(deployment, tried);
