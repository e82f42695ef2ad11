import { describe, expect, it } from 'vitest';
import { aRuntime } from '../operator-fixture.ts';
import { fillPlaceholders } from './fill-placeholders.ts';
import { fillRuntime, pathFor } from './fill-runtime.ts';

const values = {
  'model.uri': 's3://b/iris',
  'model.format': 'mlflow',
  'endpoint.name': 'flowers',
  'entity.name': 'iris-1',
  'workload.gpus': '2',
};
const fill = (spec: Record<string, unknown>, version?: string) =>
  fillRuntime(aRuntime('r', spec).spec, { values, version });

describe('fillPlaceholders', () => {
  it.each<[string, unknown, unknown]>([
    ['fills strings at any depth', [{ a: ['{{model.uri}}/x'] }], [{ a: ['s3://b/iris/x'] }]],
    ['takes blanks within the braces', '{{ entity.name }}', 'iris-1'],
    ['fills several in one string', '{{endpoint.name}}/{{entity.name}}', 'flowers/iris-1'],
    ['leaves keys, numbers and what is not closed', { '{{x}}': 1, b: '{{y' }, { '{{x}}': 1, b: '{{y' }],
    ['leaves a reference of Kubernetes', '$(HOME)', '$(HOME)'],
    ['takes an escaped one literally', String.raw`\{{model.uri}}`, '{{model.uri}}'],
    [
      'lets a chat template through that is escaped',
      String.raw`\{{ messages[0]['content'] }}{% if x %}\{{ {'a': 1} }}{% endif %}`,
      "{{ messages[0]['content'] }}{% if x %}{{ {'a': 1} }}{% endif %}",
    ],
  ])('%s', (_name, given, expected) => {
    expect(fillPlaceholders(given, values)).toEqual(expected);
  });

  it('refuses one that does not exist, and says which do and how to escape', () => {
    expect(() => fillPlaceholders(['{{model.name}}'], values)).toThrow(
      expect.objectContaining({
        code: 'RUNTIME_PLACEHOLDER_UNKNOWN',
        message: expect.stringMatching(/\{\{model.name\}\}.*known are model.uri.*write \\\{\{/) as string,
      }),
    );
  });
});

describe('fillRuntime', () => {
  it('fills container, fetcher, template and the paths of the server', () => {
    const filled = fill({
      modelDirectory: '/mnt/models/{{entity.name}}',
      modelServer: { port: 8000, invocationsPath: '/v2/models/{{entity.name}}/infer' },
      container: {
        name: 'm',
        image: 'i:1',
        args: ['--port={{server.port}}', '--tensor-parallel-size={{workload.gpus}}', '{{model.dir}}'],
      },
      template: { metadata: { annotations: { model: '{{model.uri}}' } } },
    });
    expect(filled).toMatchObject({
      modelDirectory: '/mnt/models/iris-1',
      modelServer: { invocationsPath: '/v2/models/iris-1/infer' },
      container: { image: 'i:1', args: ['--port=8000', '--tensor-parallel-size=2', '/mnt/models/iris-1'] },
      template: { metadata: { annotations: { model: 's3://b/iris' } } },
    });
  });

  it('changes the version of the server and not that of the fetcher', () => {
    expect(fill({}, '2')).toMatchObject({
      container: { image: 'runtime:2' },
      fetcher: { image: 'runtime:1' },
    });
  });

  it.each([
    ['the fetcher, where there is one', {}, 'fetcher'],
    ['the server, where there is none', { fetcher: undefined }, 'container'],
    ['whom the runtime says', { credentials: 'container' }, 'container'],
  ])('gives the credentials to %s', (_name, spec, receiver) => {
    expect(fill(spec).credentialsFor).toBe(receiver);
  });
});

describe('the directory of the model', () => {
  it.each(['/mnt/models/..', '/mnt/models/../etc', '/mnt/models/./a', '/mnt/models//a', '/mnt/model'])(
    'is not %s, which lies outside of the volume or is not plain',
    (modelDirectory) => {
      expect(() => aRuntime('r', { modelDirectory })).toThrow('modelDirectory');
    },
  );

  it.each(['/mnt/models', '/mnt/models/{{entity.name}}', '/mnt/models/.cache/a.b'])('may be %s', (path) => {
    expect(aRuntime('r', { modelDirectory: path }).spec.modelDirectory).toBe(path);
  });
});

describe('pathFor', () => {
  const { modelServer } = aRuntime('r', { modelServer: { taskPaths: { chat: '/chat' } } }).spec;

  it.each([
    ['the path for all, without a task', undefined, '/invocations'],
    ['the path of the task', 'llm/v1/chat', '/chat'],
    ['none for a task that the server does not do', 'llm/v1/embeddings', undefined],
  ] as const)('is %s', (_name, task, path) => {
    expect(pathFor(modelServer, task)).toBe(path);
  });
});
