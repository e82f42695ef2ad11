/** Owns the proof that API servers, and nobody else, read the logs of containers from a node. */
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Container, Node } from '../../devcluster/controllers/objects/kinds.ts';
import type { KeyPair } from '../../platform/tls/authority.ts';
import { makeAuthority } from '../../platform/tls/authority.ts';
import { makeClientPair, makeRemoteNode, nodeName } from './harness/remote-node.ts';
import type { RemoteNode } from './harness/remote-node.ts';
import { until } from './harness/until.ts';

const untilTerm = `trap 'kill $child; exit 0' TERM; sleep 1000 & child=$!; wait $child`;
const sh = (name: string, script: string): Container => ({ name, image: 'shell', args: [script] });

let far: RemoteNode;
let apiServer: KeyPair;
let port: number;

beforeAll(async () => {
  far = await makeRemoteNode();
  apiServer = await makeClientPair(far.authority);
  await far.start('straight');
  const node = () => far.client.resource<Node>('v1', 'Node').get(nodeName);
  port = await until('the node tells its port', () => node()?.status?.daemonEndpoints?.kubeletEndpoint?.Port);
  far.run('talker', {
    containers: [sh('main', `echo one; echo two; ${untilTerm}`), { name: 'bad', image: 'unknown' }],
  });
  await until(
    'the container has spoken',
    async () => (await ask('default/talker/main')).text === 'one\ntwo\n',
  );
});
afterAll(() => far.destroy());

function ask(
  path: string,
  { client = apiServer, method = 'GET' }: { client?: KeyPair; method?: string } = {},
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const options = {
      method,
      ca: far.authority.certificatePem,
      cert: client.certificatePem,
      key: client.privateKeyPem,
      agent: false,
    };
    request(`https://127.0.0.1:${port}/containerLogs/${path}`, options, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, text: body }), reject);
    })
      .once('error', reject)
      .end();
  });
}

describe('the log of a container', () => {
  it('comes from the node whole, or its end', async () => {
    expect(await ask('default/talker/main')).toEqual({ status: 200, text: 'one\ntwo\n' });
    expect(await ask('default/talker/main?tailLines=1')).toEqual({ status: 200, text: 'two\n' });
    expect((await ask('default/talker/main?timestamps=true&limitBytes=20')).text).toMatch(/^\d{4}-/);
  });

  it.each([
    [404, 'pod "none" not found', 'default/none/main'],
    [400, 'container none is not valid for pod talker', 'default/talker/none'],
    [
      400,
      'previous terminated container "main" in pod "talker" not found',
      'default/talker/main?previous=true',
    ],
    [400, /^container "bad" in pod "talker" is waiting to start: /, 'default/talker/bad'],
    [400, /tailLines: Invalid value/, 'default/talker/main?tailLines=x'],
    [404, /has logs of containers alone/, 'default/talker'],
  ])('is refused with %i and the reason: %s', async (status, message, path) => {
    const answer = await ask(path);
    expect(answer.status).toBe(status);
    if (typeof message === 'string') expect(answer.text).toBe(message);
    else expect(answer.text).toMatch(message);
  });

  it('is read, and nothing else', async () => {
    expect(await ask('default/talker/main', { method: 'POST' })).toMatchObject({ status: 405 });
  });

  it('is not for strangers', async () => {
    const now = Date.now();
    const stranger = await makeAuthority({ commonName: 'stranger', now, validMs: 3_600_000 });
    await expect(ask('default/talker/main', { client: await makeClientPair(stranger) })).rejects.toThrow();
  });
});
