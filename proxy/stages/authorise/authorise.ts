/** Owns whether the caller may query the endpoint, and that nobody else learns whether it exists. */
import { refusals } from '../../errors.ts';
import type { Exchange, Holder, Stage } from '../../exchange.ts';
import type { Principal } from '../authenticate/authenticate.ts';

export interface EndpointRef {
  readonly namespace: string;
  /** metadata.name. */
  readonly name: string;
}

export type AccessVerdict = 'allowed' | 'denied' | 'unavailable';

/** Checks permissions; answers at once what it knows already. */
export interface AccessChecker {
  check(principal: Principal, endpoint: EndpointRef): AccessVerdict | Promise<AccessVerdict>;
}

export interface AuthoriseOptions<E extends Exchange> {
  readonly checker: AccessChecker;
  /** Finds the endpoint that the exchange asks for and notes it; returns its name, known or not. */
  readonly locate: (exchange: E) => { readonly ref: EndpointRef; readonly known: boolean };
}

const waitingForVerdict: Holder = {
  release: () => undefined,
  overdue: refusals.identityUnavailable,
};

/** Returns the stage that authorises. */
export function makeAuthorise<E extends Exchange>(options: AuthoriseOptions<E>): Stage<E> {
  const apply = (exchange: E, verdict: AccessVerdict, ref: EndpointRef, known: boolean): boolean => {
    if (verdict === 'allowed' && known) return true;
    if (verdict === 'unavailable') exchange.refuse(refusals.identityUnavailable);
    else if (verdict === 'denied') exchange.refuse(refusals.notPermitted(ref.name));
    else exchange.refuse(refusals.unknownEndpoint(ref.name));
    return false;
  };
  return {
    name: 'authorise',
    run: (exchange) => {
      const { ref, known } = options.locate(exchange);
      const verdict = options.checker.check({ name: exchange.principal, groups: exchange.groups }, ref);
      if (typeof verdict === 'string') return apply(exchange, verdict, ref, known);
      exchange.holder = waitingForVerdict;
      void verdict.then((late) => {
        exchange.holder = undefined;
        if (!exchange.finished && apply(exchange, late, ref, known)) exchange.proceed();
      });
      return false;
    },
  };
}
