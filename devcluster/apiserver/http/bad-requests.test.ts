/** Owns the proof that every kind of bad request is refused with the status and the words that Kubernetes has for it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApiFixture } from '../testing/api-fixture.ts';
import type { ApiFixture, CallOptions } from '../testing/api-fixture.ts';
import { aConfigMap, aDeployment } from '../testing/objects.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const deployments = '/apis/apps/v1/namespaces/default/deployments';

describe('bad requests', () => {
  let server: ApiFixture;
  beforeAll(async () => {
    server = await startApiFixture();
    await server.call('POST', configMaps, { body: aConfigMap('there', { a: '1' }) });
    await server.call('POST', deployments, { body: aDeployment('web') });
  });
  afterAll(() => server.stop());

  it.each<[string, string, string, CallOptions, [number, RegExp]]>([
    ['malformed JSON', 'POST', configMaps, { body: '{' }, [400, /json parse error/]],
    ['a body that is no object', 'POST', configMaps, { body: [1] }, [400, /must be a JSON object/]],
    ['no kind', 'POST', configMaps, { body: { apiVersion: 'v1' } }, [400, /Object 'Kind' is missing/]],
    [
      'another version',
      'POST',
      configMaps,
      { body: { apiVersion: 'v2', kind: 'ConfigMap' } },
      [400, /does not match the expected API version \(v1\)/],
    ],
    [
      'another kind',
      'POST',
      configMaps,
      { body: { apiVersion: 'v1', kind: 'Secret' } },
      [400, /cannot be handled as a ConfigMap/],
    ],
    [
      'another name',
      'PUT',
      `${configMaps}/there`,
      { body: aConfigMap('other') },
      [400, /the name of the object \(other\) does not match/],
    ],
    [
      'another namespace',
      'POST',
      configMaps,
      { body: aConfigMap('x', {}, { namespace: 'kube-system' }) },
      [400, /namespace of the provided object does not match/],
    ],
    [
      'no name',
      'POST',
      configMaps,
      { body: { apiVersion: 'v1', kind: 'ConfigMap' } },
      [422, /name or generateName is required/],
    ],
    [
      'a bad name',
      'POST',
      configMaps,
      { body: aConfigMap('Bad_Name') },
      [422, /lowercase RFC 1123 subdomain/],
    ],
    ...['.', '..', '..data', 'a/b', 'k'.repeat(254)].map(
      (key): [string, string, string, CallOptions, [number, RegExp]] => [
        `the key ${key.slice(0, 9)}`,
        'POST',
        configMaps,
        { body: aConfigMap('x', { [key]: '1' }) },
        [
          422,
          /data\[.*\]: Invalid value: .*(must not be|must not start with|must consist of|no more than 253)/,
        ],
      ],
    ),
    [
      'a bad label',
      'POST',
      configMaps,
      { body: aConfigMap('x', {}, { labels: { a: 'b c' } }) },
      [422, /a valid label must be/],
    ],
    [
      'a name that is taken',
      'POST',
      configMaps,
      { body: aConfigMap('there') },
      [409, /configmaps "there" already exists/],
    ],
    [
      'a version of its own',
      'POST',
      configMaps,
      { body: aConfigMap('x', {}, { resourceVersion: '5' }) },
      [400, /resourceVersion should not be set/],
    ],
    [
      'an old version',
      'PUT',
      `${configMaps}/there`,
      { body: aConfigMap('there', {}, { resourceVersion: '1' }) },
      [409, /the object has been modified; please apply your changes/],
    ],
    [
      'a namespace that is not there',
      'POST',
      '/api/v1/namespaces/nope/configmaps',
      { body: aConfigMap('x', {}, { namespace: 'nope' }) },
      [404, /namespaces "nope" not found/],
    ],
    ['an object that is not there', 'GET', `${configMaps}/nope`, {}, [404, /configmaps "nope" not found/]],
    [
      'a kind that is not there',
      'GET',
      '/api/v1/namespaces/default/gadgets',
      {},
      [404, /could not find the requested resource/],
    ],
    [
      'a content type that is unknown',
      'POST',
      configMaps,
      { body: 'x', contentType: 'text/plain' },
      [415, /unknown format/],
    ],
    [
      'a body that is too large',
      'POST',
      configMaps,
      { body: `"${'x'.repeat(3 * 1024 * 1024)}"` },
      [413, /Request entity too large/],
    ],
    [
      'a method that it has not',
      'PUT',
      configMaps,
      { body: aConfigMap('x') },
      [405, /does not allow this method/],
    ],
    [
      'a subresource that it has not',
      'GET',
      `${configMaps}/there/status`,
      {},
      [404, /configmaps "there\/status" not found/],
    ],
    [
      'an unknown field, strictly',
      'POST',
      `${deployments}?fieldValidation=Strict`,
      { body: aDeployment('x', { replcas: 1 }) },
      [400, /strict decoding error: unknown field "spec.replcas"/],
    ],
    [
      'a value of another type',
      'POST',
      deployments,
      { body: aDeployment('x', { replicas: 'two' }) },
      [400, /spec.replicas/],
    ],
    [
      'a selector that does not match',
      'POST',
      deployments,
      { body: aDeployment('x', { selector: { matchLabels: { app: 'y' } } }) },
      [422, /`selector` does not match template `labels`/],
    ],
    [
      'a change of the selector',
      'PATCH',
      `${deployments}/web`,
      {
        contentType: 'application/merge-patch+json',
        body: {
          spec: {
            selector: { matchLabels: { app: 'web', b: 'c' } },
            template: { metadata: { labels: { b: 'c' } } },
          },
        },
      },
      [422, /spec.selector: Invalid value: .*: field is immutable/],
    ],
    [
      'an apply without a manager',
      'PATCH',
      `${configMaps}/there`,
      { contentType: 'application/apply-patch+yaml', body: aConfigMap('there') },
      [422, /fieldManager: Required value: is required for apply patch/],
    ],
    [
      'a patch of an unknown format',
      'PATCH',
      `${configMaps}/there`,
      { contentType: 'application/json', body: {} },
      [415, /application\/json-patch\+json/],
    ],
    ['a dry run of half', 'POST', `${configMaps}?dryRun=Half`, { body: aConfigMap('x') }, [400, /dryRun/]],
    [
      'a selector that cannot be read',
      'GET',
      `${configMaps}?labelSelector=a%20b`,
      {},
      [400, /unable to parse requirement/],
    ],
    [
      'a field that cannot be selected',
      'GET',
      `${configMaps}?fieldSelector=data%3Dx`,
      {},
      [400, /field label not supported: data/],
    ],
    ['exec', 'POST', '/api/v1/namespaces/default/pods/nope/exec', {}, [404, /pods "nope" not found/]],
  ])('with %s', async (_name, method, path, options, [status, message]) => {
    const answer = await server.call(method, path, options);
    expect(answer.body.message).toMatch(message);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code: status });
  });

  it('with unknown fields get warnings unless they ask for more or less', async () => {
    const body = aDeployment('warned', { replcas: 1 });
    const warned = await server.call('POST', `${deployments}?dryRun=All`, { body });
    expect(warned.headers['warning']).toBe('299 - "unknown field \\"spec.replcas\\""');
    const foreign = aDeployment('warned', { 鍵: 1 });
    const answer = await server.call('POST', `${deployments}?dryRun=All`, { body: foreign });
    expect([answer.status, String(answer.headers['warning'])]).toEqual([
      201,
      expect.stringContaining('unknown field'),
    ]);
    const ignored = await server.call('POST', `${deployments}?dryRun=All&fieldValidation=Ignore`, { body });
    expect(ignored.headers['warning']).toBeUndefined();
  });
});
