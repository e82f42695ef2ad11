/** Owns the order in which every request goes through a proxy: the same chain at the gateway and at a sidecar. */
import type { Logger } from '../platform/logging.ts';
import type { Exchange, Pipeline, Stage } from './exchange.ts';

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
  /** Waits: at the gateway for a pod that is ready, at a sidecar for a turn at the model. */
  readonly queue?: Stage<E>;
  /** Sends it on, and streams the answer back. */
  readonly forward: Stage<E>;
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
    chain.queue,
    chain.forward,
    chain.observe,
  ];
  const stages = places.filter((stage) => stage !== undefined) as unknown as readonly Stage[];
  const finishers = stages.filter((stage) => stage.finish !== undefined);
  return {
    stages,
    finish: (exchange) => {
      for (const stage of finishers) stage.finish?.(exchange);
    },
    onDefect: (exchange, error) => {
      log.error({ requestId: exchange.requestId, error }, 'a stage failed');
    },
  };
}
