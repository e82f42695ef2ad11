import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApiFixture } from '../testing/api-fixture.ts';
import type { ApiFixture } from '../testing/api-fixture.ts';
import { aPod } from '../testing/objects.ts';

describe('the log of a pod', () => {
  let server: ApiFixture;
  let directory: string;
  let isRunning = false;
  const pods = '/api/v1/namespaces/default/pods';
  const log = (name: string): string => join(directory, name);

  beforeAll(async () => {
    server = await startApiFixture();
    directory = await mkdtemp(join(tmpdir(), 'fairlead-logs-'));
    await server.call('POST', pods, { body: aPod('one') });
    const two = {
      containers: [
        { name: 'a', image: 'x' },
        { name: 'b', image: 'x' },
      ],
    };
    await server.call('POST', pods, { body: aPod('two', two) });
    await writeFile(log('main'), 'first\nsecond\nthird\n');
    await writeFile(log('a'), 'a\n'.repeat(100_000));
    server.api.setNodeServices({
      containerLog: ({ pod, container, previous }) =>
        previous || pod === 'none'
          ? undefined
          : { path: log(container), isRunning: () => isRunning, times: () => [] },
    });
  });
  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
    await server.stop();
  });

  it.each([
    ['the whole', 'one/log', 'first\nsecond\nthird\n'],
    ['the tail', 'one/log?tailLines=2', 'second\nthird\n'],
    ['more of a tail than there is', 'one/log?tailLines=9', 'first\nsecond\nthird\n'],
    ['none of it', 'one/log?tailLines=0', ''],
    ['the first bytes', 'one/log?limitBytes=8', 'first\nse'],
    ['nothing of a container that has not written yet', 'two/log?container=b', ''],
  ])('shows %s', async (_name, path, expected) => {
    const { status, text } = await server.call('GET', `${pods}/${path}`);
    expect([status, text]).toEqual([200, expected]);
  });

  it('shows the tail of a log of many chunks', async () => {
    const { text } = await server.call('GET', `${pods}/two/log?container=a&tailLines=70000`);
    expect(text).toBe('a\n'.repeat(70_000));
  });

  it.each([
    [
      'no container where there are two',
      'two/log',
      /a container name must be specified for pod two, choose one of: \[a b\]/,
    ],
    ['a container that it has not', 'two/log?container=c', /container c is not valid for pod two/],
    [
      'an instance that never was',
      'one/log?previous=true',
      /previous terminated container "main" in pod "one" not found/,
    ],
    ['a tail that is no number', 'one/log?tailLines=x', /tailLines: Invalid value/],
  ])('refuses %s', async (_name, path, message) => {
    const { status, body } = await server.call('GET', `${pods}/${path}`);
    expect(body.message).toMatch(message);
    expect(status).toBe(400);
  });

  it.each([
    ['is not available', undefined],
    ['is waiting to start: ContainerCreating', 'ContainerCreating'],
    ["is waiting to start: image can't be pulled", 'ErrImagePull'],
    ['is waiting to start: trying and failing to pull image', 'ImagePullBackOff'],
  ])('of a container without one is refused, because it %s', async (words, reason) => {
    if (reason === undefined) await server.call('POST', pods, { body: aPod('none') });
    const containerStatuses = [{ name: 'main', image: 'x', imageID: '', ready: false, restartCount: 0 }];
    const state = { waiting: { reason } };
    const status = { containerStatuses: containerStatuses.map((known) => ({ ...known, state })) };
    const patched = await server.call('PATCH', `${pods}/none/status`, {
      body: reason === undefined ? {} : { status },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    expect(patched.status).toBe(200);
    const { body } = await server.call('GET', `${pods}/none/log`);
    expect(body.message).toBe(`container "main" in pod "none" ${words}`);
  });

  it('is followed until the container ends', async () => {
    isRunning = true;
    const followed = server.call('GET', `${pods}/one/log?follow=true&tailLines=1`);
    await appendFile(log('main'), 'fourth\n');
    await new Promise((resolve) => setTimeout(resolve, 150));
    await appendFile(log('main'), 'last\n');
    isRunning = false;
    expect((await followed).text).toMatch(/^(third\n|fourth\n)(fourth\n)?last\n$/);
  });

  it('is the only way into a pod', async () => {
    const { status, body } = await server.call('POST', `${pods}/one/exec?command=ls`);
    expect(status).toBe(501);
    expect(body.message).toMatch(/pods\/exec is not served by the embedded cluster/);
  });
});
