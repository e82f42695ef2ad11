import { describe, expect, it } from 'vitest';
import type { Caller } from '../downstream/caller.ts';
import type { Pipeline } from '../exchange.ts';
import { RoutedExchange } from '../targets/routed-exchange.ts';
import { makeReadTarget } from './read-target.ts';

const domain = 'models.example';
const nothing: Pipeline = { stages: [], finish: () => undefined, onDefect: () => undefined };
const directory = {
  publicNameAt: (_namespace: string, label: string) => (label === 'wine_prod' ? 'Wine_prod' : label),
};

interface Asked {
  readonly host: string;
  readonly path: string;
  readonly isGrpc?: boolean;
  readonly domain?: string | undefined;
}

/** What a request is found to ask: `namespace/endpoint`, with the served entity behind it; or the reason of its refusal. */
function read({ host, path, isGrpc = false, ...rest }: Asked): string {
  const head = { host, target: path };
  const exchange = new RoutedExchange(nothing, { head } as unknown as Caller, 0);
  exchange.isGrpc = isGrpc;
  const rules = { namespace: 'default', domain: 'domain' in rest ? rest.domain : domain };
  const refusal = makeReadTarget(rules, directory)(exchange, path);
  if (refusal !== undefined) return refusal.reason;
  const { namespace, asked } = exchange;
  return [namespace, asked?.endpoint, asked?.servedEntity].filter((part) => part !== undefined).join('/');
}

const full = '/serving-endpoints/wine/invocations';
const method = '/inference.GRPCInferenceService/ModelInfer';

describe('a request', () => {
  it.each<[what: string, asked: Asked, expected: string]>([
    ['for a path alone means the default namespace', { host: '10.0.0.1:8080', path: full }, 'default/wine'],
    [
      'for a path with a namespace means that one',
      { host: 'x', path: `/namespaces/team-a${full}` },
      'team-a/wine',
    ],
    ['at the host of a namespace means that one', { host: `team-a.${domain}`, path: full }, 'team-a/wine'],
    [
      'at the host of an endpoint means that one',
      { host: `wine.team-a.${domain}`, path: '/invocations' },
      'team-a/wine',
    ],
    [
      'at the host of an endpoint may name an entity',
      { host: `wine.team-a.${domain}:443`, path: '/served-models/wine-1/invocations' },
      'team-a/wine/wine-1',
    ],
    [
      'at the host of an endpoint may say it again',
      { host: `wine.team-a.${domain}`, path: `/namespaces/team-a${full}` },
      'team-a/wine',
    ],
    [
      'at the host of an endpoint with capitals means that one',
      { host: `wine_prod.team-a.${domain}`, path: '/invocations' },
      'team-a/Wine_prod',
    ],
    [
      'at the host of an endpoint with capitals may say its name as it is',
      { host: `wine_prod.team-a.${domain}`, path: '/serving-endpoints/Wine_prod/invocations' },
      'team-a/Wine_prod',
    ],
    [
      'of gRPC means the endpoint of its host',
      { host: `wine.team-a.${domain}`, path: method, isGrpc: true },
      'team-a/wine',
    ],
    [
      'of gRPC to the path of an invocation is one like any other',
      { host: 'x', path: full, isGrpc: true },
      'default/wine',
    ],
    [
      'where no domain is configured means its path',
      { host: `a.b.${domain}`, path: full, domain: undefined },
      'default/wine',
    ],
  ])('%s', (_what, asked, expected) => {
    expect(read(asked)).toBe(expected);
  });

  it.each<[what: string, asked: Asked, reason: string]>([
    [
      'whose host and path name different namespaces',
      { host: `team-b.${domain}`, path: `/namespaces/team-a${full}` },
      'ambiguous_target',
    ],
    [
      'whose host and path name different endpoints',
      { host: `beer.team-a.${domain}`, path: full },
      'ambiguous_target',
    ],
    [
      'for a short path at the host of a namespace',
      { host: `team-a.${domain}`, path: '/invocations' },
      'unknown_path',
    ],
    ['for a short path at any other host', { host: 'x', path: '/invocations' }, 'unknown_path'],
    ['for nothing at the host of an endpoint', { host: `wine.team-a.${domain}`, path: '/' }, 'unknown_path'],
    [
      'for a method of gRPC that is not gRPC',
      { host: `wine.team-a.${domain}`, path: method },
      'unknown_path',
    ],
    [
      'of gRPC at the host of a namespace',
      { host: `team-a.${domain}`, path: method, isGrpc: true },
      'grpc_without_host',
    ],
    ['of gRPC at any other host', { host: 'x', path: method, isGrpc: true }, 'grpc_without_host'],
    [
      'of gRPC where no domain is configured',
      { host: `wine.team-a.${domain}`, path: method, isGrpc: true, domain: undefined },
      'grpc_without_host',
    ],
  ])('%s is refused', (_what, asked, reason) => {
    expect(read(asked)).toBe(reason);
  });

  it('after one at another host means its own', () => {
    const readTarget = makeReadTarget({ namespace: 'default', domain }, directory);
    const namespaces = [`a.${domain}`, `b.${domain}`, 'x', `a.${domain}`].map((host) => {
      const exchange = new RoutedExchange(nothing, { head: { host } } as unknown as Caller, 0);
      readTarget(exchange, full);
      return exchange.namespace;
    });
    expect(namespaces).toEqual(['a', 'b', 'default', 'a']);
  });
});
