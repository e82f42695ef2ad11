import { appendFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeLogger } from '../../../platform/logging.ts';
import { startApiFixture } from '../testing/api-fixture.ts';
import { aConfigMap } from '../testing/objects.ts';
import { Journal, recoverObjects } from './journal.ts';
import type { ObjectStore } from './object-store.ts';
import { anObject, makeStore } from '../testing/store.ts';

describe('the journal', () => {
  let directory: string;
  const log = makeLogger({ process: 'test', level: 'silent' });
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'fairlead-journal-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const open = (store: ObjectStore, compactAfter?: number): Journal => {
    const readAll = () => ({
      version: store.version,
      objects: store
        .storages()
        .flatMap((storage) => store.list(storage).items.map((object) => ({ storage, object }))),
    });
    const journal = new Journal({
      directory,
      log,
      readAll,
      ...(compactAfter === undefined ? {} : { compactAfter }),
    });
    store.log = journal;
    return journal;
  };
  const namesIn = async (): Promise<string[]> =>
    (await recoverObjects(directory)).objects
      .map(({ object }) => `${object.metadata.name}=${object.metadata.labels?.['value'] ?? ''}`)
      .sort();
  const written = async (text: string): Promise<void> => {
    for (let attempt = 0; attempt < 200; attempt += 1) {
      if ((await readFile(join(directory, 'changes.jsonl'), 'utf8').catch(() => '')).includes(text)) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error(`${text} was not written`);
  };

  it('recovers changes that were written, without a clean end', async () => {
    const store = makeStore();
    open(store);
    store.put('a', anObject('x', '1'));
    store.put('a', anObject('y', '1'));
    store.put('a', anObject('x', '2'));
    store.remove('a', 'n', 'y');
    await written('"gone"');
    expect(await namesIn()).toEqual(['x=2']);
    expect((await recoverObjects(directory)).version).toBe(store.version);
  });

  it('recovers from a snapshot', async () => {
    const store = makeStore();
    const journal = open(store);
    store.put('a', anObject('x', '1'));
    await journal.stop();
    expect(await namesIn()).toEqual(['x=1']);
    expect(await readFile(join(directory, 'changes.jsonl'), 'utf8')).toBe('');
  });

  it('folds a long log into a snapshot while it runs', async () => {
    const store = makeStore();
    const journal = open(store, 5);
    for (let index = 0; index < 50; index += 1) {
      store.put('a', anObject('x', String(index)));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await journal.stop();
    expect(await namesIn()).toEqual(['x=49']);
  });

  it('drops a last line that a crash has cut', async () => {
    const store = makeStore();
    open(store);
    store.put('a', anObject('x', '1'));
    await written('"x"');
    await appendFile(join(directory, 'changes.jsonl'), '{"v":9,"s":"a","put":{"apiV');
    expect(await namesIn()).toEqual(['x=1']);
  });

  it('passes over lines of a log that the snapshot already holds', async () => {
    const store = makeStore();
    const journal = open(store);
    store.put('a', anObject('x', 'old'));
    await written('old');
    const log = await readFile(join(directory, 'changes.jsonl'), 'utf8');
    store.put('a', anObject('x', 'new'));
    await journal.stop();
    // As if the process had died between the two renames of a compaction.
    await writeFile(join(directory, 'changes.jsonl'), log);
    expect(await namesIn()).toEqual(['x=new']);
  });

  it('refuses a line in the middle that cannot be read', async () => {
    await writeFile(join(directory, 'objects.jsonl'), 'garbage\n{"v":1,"s":"a","gone":{"name":"x"}}\n');
    await expect(recoverObjects(directory)).rejects.toThrow(/remove the state directory to start empty/);
  });

  it('makes good what it could not write as soon as it can again', async () => {
    const store = makeStore();
    open(store);
    const path = join(directory, 'changes.jsonl');
    await mkdir(path);
    store.put('a', anObject('lost', '1'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await readdir(path)).toEqual([]);
    await rm(path, { recursive: true });
    store.put('a', anObject('next', '1'));
    await expect.poll(namesIn).toEqual(['lost=1', 'next=1']);
  });

  it('goes on when the directory cannot be written to', async () => {
    const store = makeStore();
    const journal = open(store);
    await rm(directory, { recursive: true });
    store.put('a', anObject('x'));
    await expect(journal.stop()).rejects.toThrow(/ENOENT/);
    expect(store.get('a', 'n', 'x')).toBeDefined();
  });
});

describe('a server on the state of an earlier one', () => {
  it('is the same server with the same objects, and tells old watches to list again', async () => {
    const server = await startApiFixture();
    const path = '/api/v1/namespaces/default/configmaps';
    const { body } = await server.call('POST', path, { body: aConfigMap('kept', { a: '1' }) });
    const { adminToken, caPem } = server.api;
    await server.restart();
    expect(server.api).toMatchObject({ adminToken, caPem });
    const again = await server.call('GET', `${path}/kept`);
    expect(again.body).toEqual(body);
    const version = body.metadata.resourceVersion;
    const watch = await server.watch(`${path}?watch=true&resourceVersion=${version}`);
    expect(await watch.next()).toMatchObject({ type: 'ERROR', object: { code: 410 } });
    const next = await server.call('POST', path, { body: aConfigMap('next') });
    expect(Number(next.body.metadata.resourceVersion)).toBeGreaterThan(Number(version));
    await server.stop();
  });
});
