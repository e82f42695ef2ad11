/** Owns which endpoint a request means: what its host name says, what its path says, and the default. */
import { parseHostName } from '../../core/routing/host-name.ts';
import type { HostTarget } from '../../core/routing/host-name.ts';
import { isGrpcPath, parseEndpointPath, parseInvocationPath } from '../../core/routing/invocation-path.ts';
import type { InvocationTarget } from '../../core/routing/invocation-path.ts';
import { refusals } from '../errors.ts';
import type { Refusal } from '../errors.ts';
import type { RoutedExchange } from '../targets/routed-exchange.ts';

export interface TargetRules {
  /** Of requests that name none. */
  readonly namespace: string;
  /** Below which host names mean namespaces and endpoints; absent: they mean nothing. */
  readonly domain?: string | undefined;
}

/** Knows the public name that a label of a host name stands for: host names know no capitals. */
export interface HostDirectory {
  publicNameAt(namespace: string, label: string): string;
}

/** Returns what notes on an exchange whom it asks, or says why it cannot be told. */
export function makeReadTarget(
  rules: TargetRules,
  directory: HostDirectory,
): (exchange: RoutedExchange, path: string) => Refusal | undefined {
  const hostTargetOf = rememberLast((host) =>
    rules.domain === undefined ? undefined : parseHostName(host, rules.domain.toLowerCase()),
  );
  return (exchange, path) => {
    const host = rules.domain === undefined ? undefined : hostTargetOf(exchange.caller.head.host);
    const read = readTarget(exchange.isGrpc, path, host);
    if ('errorCode' in read) return read;
    const namespace = read.namespace ?? host?.namespace ?? rules.namespace;
    const byHost =
      host?.endpoint === undefined ? undefined : directory.publicNameAt(namespace, host.endpoint);
    exchange.asked = byHost === undefined ? read : { ...read, endpoint: byHost };
    exchange.namespace = namespace;
    return undefined;
  };
}

function readTarget(isGrpc: boolean, path: string, host: HostTarget | undefined): InvocationTarget | Refusal {
  if (isGrpc && isGrpcPath(path)) return readGrpcTarget(host);
  const asked = parseInvocationPath(path);
  if (asked === undefined) return readShortPath(path, host);
  // Whoever looks at one of the two, in front of us or behind, would judge another request than the one that is served.
  return host === undefined || agree(asked, host) ? asked : refusals.ambiguousTarget;
}

/** The path is that of the model server's own method, so that nothing but the host is left to say whose. */
function readGrpcTarget(host: HostTarget | undefined): InvocationTarget | Refusal {
  if (host?.endpoint === undefined) return refusals.grpcWithoutHost;
  return { namespace: host.namespace, endpoint: host.endpoint, servedEntity: undefined };
}

/** Where the host says which endpoint, the path need not. */
function readShortPath(path: string, host: HostTarget | undefined): InvocationTarget | Refusal {
  const short = host?.endpoint === undefined ? undefined : parseEndpointPath(path);
  if (short === undefined || host?.endpoint === undefined) return refusals.unknownPath;
  return { namespace: host.namespace, endpoint: host.endpoint, ...short };
}

const agree = (asked: InvocationTarget, host: HostTarget): boolean =>
  (asked.namespace === undefined || asked.namespace === host.namespace) &&
  (host.endpoint === undefined || asked.endpoint.toLowerCase() === host.endpoint);

/** Most requests of a busy moment name the same few hosts; the last one is enough. */
function rememberLast<Value>(compute: (key: string) => Value): (key: string) => Value {
  let last: { readonly key: string; readonly value: Value } | undefined;
  return (key) => {
    if (last?.key !== key) last = { key, value: compute(key) };
    return last.value;
  };
}
