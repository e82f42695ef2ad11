/** Owns the order in which every request goes through a proxy: the same chain at the gateway and at a sidecar. */
import type { Logger } from '../platform/logging.ts';
import type { Exchange, Pipeline, Stage } from './exchange.ts';
import { publicId } from './public-id.ts';

/** The chain. A process leaves out what it has nothing to do for; nobody changes the order. */
export interface StageChain<E extends Exchange> {
  /** Method, path, size, request id. */
  readonly receive: Stage<E>;
  /** Who asks. */
  readonly authenticate?: Stage<E>;
  /** May they ask this endpoint; a sidecar takes the gateway's word. */
  readonly authorise?: Stage<E>;
  /** How much may they ask, unless an earlier hop has accounted the request. */
  readonly limit?: Stage<E>;
  /** Reads what routing and repeating need of the body: small ones whole, large ones not at all. */
  readonly read: Stage<E>;
  /** Which served entity answers. */
  readonly choose?: Stage<E>;
  /** Records what is asked and answered, for endpoints that log it; waits for room where nothing may be lost. */
  readonly record?: Stage<E>;
  /** Waits: at the gateway for a pod that is ready, at a sidecar for a turn at the model. */
  readonly queue?: Stage<E>;
  /** Sends it on, and streams the answer back. */
  readonly forward: Stage<E>;
  /** What it has used, as far as somebody wants to know: heard from the answer as it passes. */
  readonly settle?: Stage<E>;
  /** What it took: metrics and the access log. */
  readonly observe: Stage<E>;
}

/** Returns the pipeline of `chain`, in its order. */
export function makePipeline<E extends Exchange>(chain: StageChain<E>, log: Logger): Pipeline {
  const places = [
    chain.receive,
    chain.authenticate,
    chain.authorise,
    chain.limit,
    chain.read,
    chain.choose,
    chain.record,
    chain.queue,
    chain.forward,
    chain.settle,
    chain.observe,
  ];
  const stages = places.filter((stage) => stage !== undefined) as unknown as readonly Stage[];
  const listeners = stages.filter((stage) => stage.listen !== undefined);
  // What a request has used is known before others settle by it.
  const settlers = stages.filter(({ name }) => name === chain.settle?.name);
  const others = stages.filter(({ name }) => name !== chain.settle?.name);
  const finishers = [...settlers, ...others].filter((stage) => stage.finish !== undefined);
  return {
    stages,
    listen: (exchange) => {
      for (const stage of listeners) stage.listen?.(exchange);
    },
    finish: (exchange) => {
      for (const stage of finishers) stage.finish?.(exchange);
    },
    onDefect: (exchange, error) => {
      log.error({ requestId: publicId(exchange.requestId), error }, 'a stage failed');
    },
  };
}
