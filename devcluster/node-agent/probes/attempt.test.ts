import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Handler, RunInContainer } from './attempt.ts';
import { attempt } from './attempt.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

async function listen(listener: RequestListener): Promise<number> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const run: RunInContainer = (command) =>
  Promise.resolve(
    command[0] === 'slow'
      ? { exitCode: 137, output: '', timedOut: true }
      : { exitCode: command[0] === 'true' ? 0 : 1, output: command[1] ?? '', timedOut: false },
  );

function tryOnce(handler: Handler, port = 0, timeoutMs = 1_000) {
  const container = { name: 'web', ports: [{ name: 'http', containerPort: port }] };
  const context = { container, podIP: '127.0.0.1', run, signal: new AbortController().signal };
  return attempt(handler, context, timeoutMs);
}

describe('a try over HTTP', () => {
  it.each([
    [200, true, ''],
    [302, true, ''],
    [399, true, ''],
    [404, false, 'HTTP probe failed with statuscode: 404'],
    [503, false, 'HTTP probe failed with statuscode: 503'],
  ])('that is answered with %i is a success: %s', async (status, success, message) => {
    const port = await listen((_request, response) => response.writeHead(status).end());
    expect(await tryOnce({ httpGet: { port: 'http', path: '/x' } }, port)).toEqual({ success, message });
  });

  it('sends the headers of the probe, and names itself', async () => {
    let seen: Record<string, unknown> = {};
    const port = await listen((request, response) => {
      seen = { path: request.url, 'x-a': request.headers['x-a'], agent: request.headers['user-agent'] };
      response.end();
    });
    await tryOnce({ httpGet: { port, path: 'ready', httpHeaders: [{ name: 'X-A', value: '1' }] } });
    expect(seen).toEqual({ path: '/ready', 'x-a': '1', agent: 'kube-probe/1.34' });
  });

  it('fails in words where nobody listens', async () => {
    const port = await listen(() => undefined);
    server?.close();
    await new Promise((resolve) => server?.once('close', resolve));
    const url = `http://127.0.0.1:${port}/`;
    const message = `Get "${url}": dial tcp 127.0.0.1:${port}: connect: connection refused`;
    expect(await tryOnce({ httpGet: { port } })).toEqual({ success: false, message });
  });

  it('fails where the answer does not come in time', async () => {
    const port = await listen(() => undefined);
    const outcome = await tryOnce({ httpGet: { port } }, 0, 30);
    expect(outcome.message).toContain('context deadline exceeded');
  });
});

describe('a try of another kind', () => {
  it.each<[string, Handler, boolean, string]>([
    ['a command that succeeds', { exec: { command: ['true', 'fine'] } }, true, 'fine'],
    ['a command that fails', { exec: { command: ['false', 'no model'] } }, false, 'no model'],
    ['a command that fails without a word', { exec: { command: ['false'] } }, false, 'exit code 1'],
    [
      'a command that takes too long',
      { exec: { command: ['slow'] } },
      false,
      'command timed out: "slow" timed out after 1s',
    ],
    ['a pause', { sleep: { seconds: 0 } }, true, ''],
    [
      'gRPC',
      { grpc: { port: 1 } },
      false,
      'gRPC handlers are not supported by this node; use httpGet, tcpSocket or exec',
    ],
    [
      'a port without a name like that',
      { tcpSocket: { port: 'none' } },
      false,
      `couldn't find port: "none" in container web`,
    ],
  ])('is told of %s', async (_name, handler, success, message) => {
    expect(await tryOnce(handler)).toEqual({ success, message });
  });

  it('connects by TCP', async () => {
    const port = await listen(() => undefined);
    expect(await tryOnce({ tcpSocket: { port } })).toEqual({ success: true, message: '' });
    server?.close();
    await new Promise((resolve) => server?.once('close', resolve));
    expect((await tryOnce({ tcpSocket: { port } })).message).toContain('connection refused');
  });
});
