/** Owns the whole way of a call of gRPC for tests: a client, a gateway, a sidecar, and a model that echoes. */
import type {
  Metadata,
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
  UntypedServiceImplementation,
  sendUnaryData,
} from '@grpc/grpc-js';
import { startChain } from './chain-fixture.ts';
import type { Chain, ChainOptions } from './chain-fixture.ts';
import { metadataOf, openGrpcClient, startGrpcModel } from './grpc-fixture.ts';
import type { GrpcClient, GrpcModel } from './grpc-fixture.ts';
import type { Pki } from './pki-fixture.ts';

type Unary = ServerUnaryCall<unknown, unknown>;
type Writable = ServerWritableStream<unknown, unknown>;
type Duplex = ServerDuplexStream<unknown, unknown>;

export interface Methods {
  infer(call: Unary, callback: sendUnaryData<unknown>): void;
  collect(call: Duplex, callback: sendUnaryData<unknown>): void;
  generate(call: Writable): void;
  converse(call: Duplex): void;
}

export interface GrpcChain extends Chain {
  readonly client: GrpcClient;
  readonly grpc: GrpcModel;
  /** Metadata of the unary calls that came to the model. */
  readonly seen: Metadata[];
  /** Starts the model again where it was. */
  restart(): Promise<void>;
}

export const domain = 'models.example';
export const wineHost = `wine.team-a.${domain}`;
export const alice = metadataOf({ authorization: 'Bearer alice-token' });

const methodsOf = (seen: Metadata[]): Methods => ({
  infer: (call, callback) => {
    seen.push(call.metadata);
    call.sendMetadata(metadataOf({ 'x-model': 'wine' }));
    callback(null, { echo: call.request }, metadataOf({ 'x-cost': '7' }));
  },
  collect: (call, callback) => {
    const values: unknown[] = [];
    call.on('data', (value: unknown) => values.push(value));
    call.on('end', () => callback(null, values));
  },
  generate: (call) => {
    for (const word of ['a', 'b', 'c']) call.write(word);
    call.end(metadataOf({ 'x-cost': '3' }));
  },
  converse: (call) => {
    call.on('data', (value: unknown) => call.write({ echo: value }));
    call.on('end', () => call.end());
  },
});

/** Starts it all; `change` are methods that do something else, `authority` is the host that the client asks for. */
export async function startGrpcChain(
  pki: Pki,
  change: Partial<Methods> = {},
  options: ChainOptions = {},
  authority = wineHost,
): Promise<GrpcChain> {
  const seen: Metadata[] = [];
  // The library's types cannot say which of the four kinds each method is.
  const methods = { ...methodsOf(seen), ...change } as unknown as UntypedServiceImplementation;
  let grpc = await startGrpcModel(methods);
  const { port } = grpc;
  const chain = await startChain(pki, {
    ...options,
    gateway: { domain, ...options.gateway },
    sidecar: (config) => ({
      modelServer: { ...config.modelServer, grpcPort: port },
      ...options.sidecar?.(config),
    }),
  });
  const client = openGrpcClient(chain.gateway.gateway.address, authority);
  return {
    ...chain,
    client,
    seen,
    get grpc() {
      return grpc;
    },
    restart: async () => {
      grpc = await startGrpcModel(methods, port);
    },
    stop: async () => {
      client.close();
      await chain.stop();
      grpc.stop();
    },
  };
}
