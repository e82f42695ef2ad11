/** Owns whether the caller may query the endpoint, and that nobody else learns whether it exists. */
import type { AccessChecker, AccessVerdict, EndpointRef } from '../../../platform/identity/principal.ts';
import type { Ruling } from '../../../platform/identity/verdict-cache.ts';
import type { Peer } from '../../downstream/caller.ts';
import { refusals } from '../../errors.ts';
import type { Exchange, Holder, Stage } from '../../exchange.ts';

export interface AuthoriseOptions<E extends Exchange> {
  readonly checker: AccessChecker;
  /** Finds the endpoint that the exchange asks for and notes it; returns its name, known or not. */
  readonly locate: (exchange: E) => { readonly ref: EndpointRef; readonly known: boolean };
  /** Whether it was decided already whether the caller may query the endpoint; undefined: it is to be asked. */
  readonly decided: (exchange: E) => Exclude<AccessVerdict, 'unavailable'> | undefined;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

const waitingForVerdict: Holder = {
  release: () => undefined,
  overdue: refusals.identityUnavailable,
};

/** The last permission that was granted on a connection: the next request most often needs the same one. */
interface Memo {
  readonly principal: string;
  readonly groups: readonly string[];
  readonly ref: EndpointRef;
  /** Monotonic milliseconds. */
  readonly until: number;
}

/** Returns the stage that authorises. */
export function makeAuthorise<E extends Exchange>(options: AuthoriseOptions<E>): Stage<E> {
  const { checker, locate, decided, now } = options;
  const memos = new WeakMap<Peer, Memo>();
  const isGranted = ({ caller, principal, groups }: E, ref: EndpointRef): boolean => {
    const memo = memos.get(caller.peer);
    if (memo === undefined) return false;
    // The objects themselves are compared: whatever changes of an endpoint or a caller makes new ones.
    const isSame = memo.ref === ref && memo.groups === groups && memo.principal === principal;
    return isSame && memo.until > now();
  };
  const apply = (exchange: E, ruling: Ruling<AccessVerdict>, ref: EndpointRef, known: boolean): boolean => {
    const { verdict, freshUntil } = ruling;
    if (verdict === 'allowed' && known) {
      const { principal, groups } = exchange;
      memos.set(exchange.caller.peer, { principal, groups, ref, until: freshUntil });
    }
    return follow(exchange, verdict, ref, known);
  };
  const follow = (exchange: E, verdict: AccessVerdict, ref: EndpointRef, known: boolean): boolean => {
    if (verdict === 'allowed' && known) return true;
    if (verdict === 'unavailable') exchange.refuse(refusals.identityUnavailable);
    else if (verdict === 'denied') exchange.refuse(refusals.notPermitted(ref.name));
    else exchange.refuse(refusals.unknownEndpoint(ref.name));
    return false;
  };
  return {
    name: 'authorise',
    run: (exchange) => {
      const { ref, known } = locate(exchange);
      const before = decided(exchange);
      if (before !== undefined) return follow(exchange, before, ref, known);
      if (known && isGranted(exchange, ref)) return true;
      const ruling = checker.check({ name: exchange.principal, groups: exchange.groups }, 'query', ref);
      if (!(ruling instanceof Promise)) return apply(exchange, ruling, ref, known);
      exchange.holder = waitingForVerdict;
      void ruling.then((late) => {
        exchange.holder = undefined;
        if (!exchange.finished && apply(exchange, late, ref, known)) exchange.proceed();
      });
      return false;
    },
  };
}
