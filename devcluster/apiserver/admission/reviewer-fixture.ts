/** Owns a webhook for tests: a real HTTPS server that answers reviews as it is told and notes what it was asked. */
import { createServer } from 'node:https';
import { json } from 'node:stream/consumers';
import { listen } from '../../../platform/listener.ts';
import { issueCertificate, makeAuthority } from '../../../platform/tls/authority.ts';
import type { JsonObject } from '../objects/kube-object.ts';

export interface Asked {
  readonly path: string;
  readonly request: JsonObject;
}

export interface Reviewer {
  readonly port: number;
  readonly caBundle: string;
  /** What was asked since the last time it was emptied. */
  readonly asked: Asked[];
  /** Answers a path with what is to stand in the response beside the uid; default: allowed. */
  on(path: string, answer: (request: JsonObject) => unknown): void;
  stop(): void;
}

/** Thrown by an answer: the whole body is this instead of a review. */
export class RawAnswer extends Error {
  readonly status: number;
  readonly body: string;

  constructor(status: number, body: string) {
    super(body);
    this.status = status;
    this.body = body;
  }
}

/** The base64 of the JSON patch, as an answer carries it. */
export const jsonPatch = (...operations: object[]): object => ({
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
});

/** Starts the server; it is known as `hooks.default.svc` and as 127.0.0.1. */
export async function startReviewer(): Promise<Reviewer> {
  const validity = { now: Date.now(), validMs: 3_600_000 };
  const authority = await makeAuthority({ commonName: 'reviewers', ...validity });
  const own = await issueCertificate(authority, {
    commonName: 'hooks',
    dnsNames: ['hooks.default.svc'],
    ipAddresses: ['127.0.0.1'],
    usages: ['server'],
    ...validity,
  });
  const answers = new Map<string, (request: JsonObject) => unknown>();
  const asked: Asked[] = [];
  const server = createServer({ cert: own.certificatePem, key: own.privateKeyPem }, (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'https://hooks');
    void json(request).then(async (body) => {
      const { request: question } = body as { request: JsonObject };
      asked.push({ path: pathname, request: question });
      try {
        const answer = (await answers.get(pathname)?.(question)) ?? { allowed: true };
        const review = {
          apiVersion: 'admission.k8s.io/v1',
          kind: 'AdmissionReview',
          response: { uid: question['uid'], ...answer },
        };
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(review));
      } catch (error) {
        if (!(error instanceof RawAnswer)) throw error;
        response.writeHead(error.status).end(error.body);
      }
    });
  });
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
  return {
    port,
    caBundle: Buffer.from(authority.certificatePem).toString('base64'),
    asked,
    on: (path, answer) => answers.set(path, answer),
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
