/** Owns a model that speaks gRPC for tests, and clients of it: real ones, with a service that is made up at run time. */
import {
  credentials,
  makeGenericClientConstructor,
  Metadata,
  Server,
  ServerCredentials,
} from '@grpc/grpc-js';
import type {
  ClientDuplexStream,
  ClientReadableStream,
  ClientUnaryCall,
  ClientWritableStream,
  ServiceDefinition,
  ServiceError,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { ListenAddress } from '../../platform/listener.ts';

const toBytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const fromBytes = (bytes: Buffer): unknown => JSON.parse(bytes.toString());

const method = (
  name: string,
  requestStream: boolean,
  responseStream: boolean,
): ServiceDefinition[string] => ({
  path: `/inference.Wine/${name}`,
  requestStream,
  responseStream,
  requestSerialize: toBytes,
  requestDeserialize: fromBytes,
  responseSerialize: toBytes,
  responseDeserialize: fromBytes,
});

const service: ServiceDefinition = {
  infer: method('Infer', false, false),
  collect: method('Collect', true, false),
  generate: method('Generate', false, true),
  converse: method('Converse', true, true),
};

export interface GrpcModel {
  readonly port: number;
  stop(): void;
}

/** Starts a model server that takes gRPC, without TLS. */
export async function startGrpcModel(
  implementation: UntypedServiceImplementation,
  port = 0,
): Promise<GrpcModel> {
  const server = new Server({ 'grpc.max_receive_message_length': -1 });
  server.addService(service, implementation);
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, chosen) => {
      if (error === null) resolve(chosen);
      else reject(error);
    });
  });
  return { port: bound, stop: () => server.forceShutdown() };
}

type Callback = (error: ServiceError | null, value?: unknown) => void;
interface Options {
  readonly deadline?: number;
}

export interface GrpcClient {
  infer(request: unknown, metadata: Metadata, options: Options, callback: Callback): ClientUnaryCall;
  collect(metadata: Metadata, options: Options, callback: Callback): ClientWritableStream<unknown>;
  generate(request: unknown, metadata: Metadata, options?: Options): ClientReadableStream<unknown>;
  converse(metadata: Metadata, options?: Options): ClientDuplexStream<unknown, unknown>;
  close(): void;
}

/** Opens a client that asks for `authority`, which is the host name of an endpoint. */
export function openGrpcClient({ host, port }: ListenAddress, authority: string): GrpcClient {
  const Client = makeGenericClientConstructor(service, 'Wine');
  return new Client(`${host}:${port}`, credentials.createInsecure(), {
    'grpc.default_authority': authority,
    'grpc.max_receive_message_length': -1,
    'grpc.enable_retries': 0,
  }) as unknown as GrpcClient;
}

export function metadataOf(pairs: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(pairs)) metadata.set(name, value);
  return metadata;
}

/** Returns the answer of a call with one, or its error. */
export function infer(
  client: GrpcClient,
  request: unknown,
  metadata: Metadata,
  options: Options = {},
): Promise<{ value: unknown; error: ServiceError | null }> {
  return new Promise((resolve) => {
    client.infer(request, metadata, options, (error, value) => resolve({ error, value }));
  });
}

export interface HeardStream {
  readonly values: unknown[];
  /** `code` and `details` of the status with which it ended. */
  readonly error: ServiceError | undefined;
  readonly trailers: Metadata | undefined;
}

/** Returns all that comes on a stream. */
export function hear(
  stream: ClientReadableStream<unknown> | ClientDuplexStream<unknown, unknown>,
): Promise<HeardStream> {
  return new Promise((resolve) => {
    const values: unknown[] = [];
    let error: ServiceError | undefined;
    stream.on('data', (value: unknown) => values.push(value));
    stream.on('error', (thrown: ServiceError) => (error = thrown));
    stream.on('status', ({ metadata }: { metadata: Metadata }) =>
      resolve({ values, error, trailers: metadata }),
    );
  });
}
