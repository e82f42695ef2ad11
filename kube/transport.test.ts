/** Owns the proof of the wire: what is sent, what is repeated, and what each failure of the network is called. */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClusterAccess } from './credentials.ts';
import { cut, json, refusal, silence, startFakeApiServer } from './testing/fake-api-server.ts';
import type { Answer, FakeApiServer } from './testing/fake-api-server.ts';
import { plainAccess, plainTransport } from './testing/plain-access.ts';
import { KubeTransport } from './transport.ts';
import type { KubeRequest } from './transport.ts';

const any = (): boolean => true;
const get: KubeRequest = { method: 'GET', path: '/api/v1/pods' };
const post: KubeRequest = { method: 'POST', path: '/api/v1/pods', body: { kind: 'Pod' } };
const cutMidAnswer: Answer = (response) => {
  response.writeHead(200, { 'content-length': '100' });
  response.write('{"kind"', () => response.destroy());
};

let api: FakeApiServer;
let transport: KubeTransport;
beforeEach(async () => {
  api = await startFakeApiServer();
  transport = plainTransport(api.url);
});
afterEach(async () => {
  await transport.close();
  await api.stop();
});

describe('what is sent', () => {
  it('sends JSON, the query and who we are', async () => {
    api.always(any, json({ ok: true }));
    const answer = await transport.request({
      ...post,
      query: { dryRun: 'All', limit: 5, absent: undefined },
    });
    expect(answer).toEqual({ ok: true });
    const [request] = api.requests;
    expect(request?.body).toBe('{"kind":"Pod"}');
    expect(request?.query.toString()).toBe('dryRun=All&limit=5');
    expect(request?.headers).toMatchObject({ 'user-agent': 'test', 'content-type': 'application/json' });
  });

  it('keeps the path prefix of the base URL', async () => {
    api.always(any, json({}));
    const prefixed = plainTransport(`${api.url}/k8s/clusters/c-1`);
    await prefixed.request(get);
    expect(api.requests[0]?.path).toBe('/k8s/clusters/c-1/api/v1/pods');
    await prefixed.close();
  });

  it('keeps its connections for requests that follow each other', async () => {
    api.always(any, json({}));
    for (let count = 0; count < 50; count += 1) await transport.request(get);
    // Two, because an answer is handed over a moment before its connection counts as free.
    expect(api.connections()).toBeLessThanOrEqual(2);
  });

  it('sends nothing when the guard throws', async () => {
    const guard = (): never => {
      throw new Error('not the leader');
    };
    await expect(transport.request({ ...post, guard })).rejects.toThrow('not the leader');
    expect(api.requests).toHaveLength(0);
  });
});

describe('a mistake of the caller', () => {
  it('keeps its own name', async () => {
    const loop: { self?: unknown } = {};
    loop.self = loop;
    await expect(transport.request({ ...post, body: loop })).rejects.toThrow(TypeError);
  });
});

describe('a 401', () => {
  const rotating = (): ClusterAccess & { reads: number } => {
    const tls = {};
    const access = { ...plainAccess(api.url), reads: 0 };
    access.invalidate = () => (access.reads += 1);
    access.credentials = () =>
      Promise.resolve({ tls, headers: { authorization: `Bearer token-${access.reads}` } });
    return access;
  };

  it('makes it read the credentials anew and ask again, writes too', async () => {
    api.always(any, json({}));
    api.once(any, refusal(401, 'Unauthorized'));
    const authenticated = new KubeTransport({ access: rotating(), userAgent: 'test' });
    await authenticated.request(post);
    expect(api.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-0',
      'Bearer token-1',
    ]);
    await authenticated.close();
  });

  it('is told when new credentials are refused too', async () => {
    api.always(any, refusal(401, 'Unauthorized'));
    const authenticated = new KubeTransport({ access: rotating(), userAgent: 'test' });
    await expect(authenticated.request(get)).rejects.toMatchObject({ code: 'KUBE_UNAUTHORIZED' });
    expect(api.requests).toHaveLength(2);
    await authenticated.close();
  });

  it('does not show the token in the error', async () => {
    api.always(any, refusal(401, 'Unauthorized'));
    const authenticated = new KubeTransport({ access: rotating(), userAgent: 'test' });
    const error: unknown = await authenticated.request(get).catch((thrown: unknown) => thrown);
    expect(String(error)).not.toContain('token-');
    await authenticated.close();
  });
});

describe('refusals', () => {
  it.each([
    ['429 with Retry-After', refusal(429, 'TooManyRequests', 'slow down', { 'retry-after': '2' }), 2_000],
    ['503 with Retry-After', refusal(503, 'ServiceUnavailable', 'starting', { 'retry-after': '1' }), 1_000],
    ['500', refusal(500, 'InternalError', 'etcd'), undefined],
  ])('%s is a retryable ApiError and is not repeated here', async (_row, answer, retryAfterMs) => {
    api.always(any, answer);
    await expect(transport.request(get)).rejects.toMatchObject({ retryable: true, retryAfterMs });
    expect(api.requests).toHaveLength(1);
  });

  it('does not follow a redirect: a token would travel along', async () => {
    api.always(any, json({}, 302, { location: 'http://127.0.0.1:1/' }));
    await expect(transport.request(get)).rejects.toMatchObject({ status: 302 });
  });
});

describe('failures of the network', () => {
  it.each([
    ['cuts the connection before the answer', cut],
    ['cuts the connection within the answer', cutMidAnswer],
  ])('asks again when a server %s of a GET', async (_row, failure) => {
    api.always(any, json({ ok: true }));
    api.once(any, failure);
    api.once(any, failure);
    await expect(transport.request(get)).resolves.toEqual({ ok: true });
    expect(api.requests).toHaveLength(3);
  });

  it('gives up on a GET after three connections that broke', async () => {
    api.always(any, cut);
    await expect(transport.request(get)).rejects.toMatchObject({ code: 'KUBE_UNREACHABLE', retryable: true });
    expect(api.requests).toHaveLength(3);
  });

  it('never repeats a write whose connection broke: it may have been done', async () => {
    api.always(any, cut);
    await expect(transport.request(post)).rejects.toMatchObject({ code: 'KUBE_UNREACHABLE' });
    expect(api.requests).toHaveLength(1);
  });

  it('repeats what its caller calls repeatable: a review, say, changes nothing', async () => {
    api.always(any, json({ ok: true }));
    api.once(any, cut);
    await expect(transport.request({ ...post, repeatable: true })).resolves.toEqual({ ok: true });
    expect(api.requests).toHaveLength(2);
  });

  it('says the address when nothing listens there', async () => {
    const url = await unusedUrl();
    const nowhere = plainTransport(url);
    const error: unknown = await nowhere.request(post).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'KUBE_UNREACHABLE', retryable: true });
    expect(String(error)).toContain(url);
    await nowhere.close();
  });

  it('times out on a server that accepts and never answers', async () => {
    api.always(any, silence);
    await expect(transport.request({ ...get, timeoutMs: 50 })).rejects.toMatchObject({
      code: 'KUBE_TIMEOUT',
      retryable: true,
    });
    expect(api.requests).toHaveLength(1);
  });

  it('times out on an answer that stops in the middle', async () => {
    api.always(any, (response) => response.write('{"kind"'));
    await expect(transport.request({ ...get, timeoutMs: 50 })).rejects.toMatchObject({
      code: 'KUBE_TIMEOUT',
    });
  });

  it('tells a caller who gives up from a timeout', async () => {
    api.always(any, silence);
    await expect(transport.request({ ...get, signal: AbortSignal.timeout(30) })).rejects.toMatchObject({
      code: 'KUBE_ABORTED',
      retryable: false,
    });
  });

  it('does not ask at all when the caller has given up already', async () => {
    await expect(transport.request({ ...get, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'KUBE_ABORTED',
    });
    expect(api.requests).toHaveLength(0);
  });

  it('calls an answer that is not JSON by its name', async () => {
    api.always(any, (response) => response.end('<html>login</html>'));
    await expect(transport.request(get)).rejects.toMatchObject({ code: 'KUBE_MALFORMED_ANSWER' });
  });

  it('refuses work after close', async () => {
    await transport.close();
    await expect(transport.request(get)).rejects.toMatchObject({ code: 'KUBE_ABORTED' });
  });
});

describe('streams', () => {
  it('outlive the time that their headers had', async () => {
    api.always(any, (response) => {
      response.write('one');
      setTimeout(() => response.end('two'), 150);
    });
    const chunks: string[] = [];
    for await (const chunk of await transport.stream({ ...get, timeoutMs: 80 })) {
      chunks.push(Buffer.from(chunk).toString());
    }
    expect(chunks.join('')).toBe('onetwo');
  });

  it('time out when the headers do not come', async () => {
    api.always(any, silence);
    await expect(transport.stream({ ...get, timeoutMs: 50 })).rejects.toMatchObject({ code: 'KUBE_TIMEOUT' });
  });

  it('end when the caller gives up', async () => {
    api.always(any, (response) => response.write('one'));
    const caller = new AbortController();
    const body = await transport.stream({ ...get, signal: caller.signal });
    const reading = (async () => {
      for await (const _chunk of body) caller.abort();
    })();
    await expect(reading).rejects.toThrow();
  });

  it('are cut by close', async () => {
    api.always(any, (response) => response.write('one'));
    const body = await transport.stream(get);
    const reading = (async () => {
      for await (const _chunk of body) await transport.close();
    })();
    await expect(reading).rejects.toThrow();
  });
});

async function unusedUrl(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}
