/** Owns the tests of runtimes: their choice, their placeholders and their overlays. */
import { describe, expect, it } from 'vitest';
import { modelSchema } from '../../crds/schema/model-source.ts';
import { aRuntime } from '../operator-fixture.ts';
import { fillPlaceholders } from './fill-placeholders.ts';
import { overlayTemplate } from './overlay.ts';
import { selectRuntime } from './select-runtime.ts';
import type { RuntimeCandidate } from './select-runtime.ts';

const model = (given: object = {}) => modelSchema.parse({ uri: 'models:/iris/1', ...given });
const format = (given: object) => ({ supportedModelFormats: [given] });

describe('selectRuntime', () => {
  it.each<[string, RuntimeCandidate[], object, string | undefined, string]>([
    [
      'takes the one that serves the format',
      [aRuntime('xgb', format({ name: 'xgboost' })), aRuntime('mlflow')],
      {},
      undefined,
      'mlflow',
    ],
    [
      'prefers the namespace over the cluster',
      [aRuntime('a'), aRuntime('b', {}, 'namespace')],
      {},
      undefined,
      'b',
    ],
    [
      'prefers the greater priority within a scope',
      [aRuntime('a'), aRuntime('b', format({ name: 'mlflow', priority: 2 }))],
      {},
      undefined,
      'b',
    ],
    ['then takes the first name', [aRuntime('b'), aRuntime('a')], {}, undefined, 'a'],
    ['stays with the recorded one while it fits', [aRuntime('a'), aRuntime('b')], {}, 'b', 'b'],
    [
      'leaves the recorded one once it is disabled',
      [aRuntime('a'), aRuntime('b', { disabled: true })],
      {},
      'b',
      'a',
    ],
    [
      'takes the named one, although it is not to be chosen by format',
      [aRuntime('a'), aRuntime('b', format({ name: 'mlflow', autoSelect: false }))],
      { runtime: 'b' },
      undefined,
      'b',
    ],
    [
      'takes the named one of the namespace first',
      [aRuntime('a', {}, 'cluster'), aRuntime('a', { protocol: 'v2' }, 'namespace')],
      { runtime: 'a' },
      undefined,
      'a',
    ],
    [
      'matches the version of the format',
      [
        aRuntime('a', format({ name: 'mlflow', version: '2' })),
        aRuntime('b', format({ name: 'mlflow', version: '3' })),
      ],
      { format: { name: 'mlflow', version: '3' } },
      undefined,
      'b',
    ],
  ])('%s', (_name, candidates, given, recorded, chosen) => {
    expect(selectRuntime(candidates, model(given), recorded)).toMatchObject({ runtime: { name: chosen } });
  });

  it.each<[string, RuntimeCandidate[], object, string, RegExp]>([
    [
      'no runtime serves the format',
      [aRuntime('a', format({ name: 'onnx' }))],
      {},
      'NoRuntimeForFormat',
      /no ServingRuntime .* serves the format "mlflow"; create one/,
    ],
    [
      'none may be chosen for it',
      [aRuntime('a', format({ name: 'mlflow', autoSelect: false }))],
      {},
      'NoRuntimeForFormat',
      /create one/,
    ],
    [
      'the named one does not exist',
      [],
      { runtime: 'x' },
      'RuntimeUnsuitable',
      /no ServingRuntime .* "x"; create it/,
    ],
    [
      'the named one is disabled',
      [aRuntime('x', { disabled: true })],
      { runtime: 'x' },
      'RuntimeUnsuitable',
      /"x" is disabled; enable it/,
    ],
    [
      'the named one does not serve the format',
      [aRuntime('x', format({ name: 'onnx' }))],
      { runtime: 'x', format: { name: 'mlflow', version: '3' } },
      'RuntimeUnsuitable',
      /does not serve the format "mlflow" version 3/,
    ],
  ])('says so when %s', (_name, candidates, given, reason, message) => {
    expect(selectRuntime(candidates, model(given))).toEqual({
      reason,
      message: expect.stringMatching(message) as string,
    });
  });
});

describe('fillPlaceholders', () => {
  const values = {
    'model.uri': 'models:/iris/1',
    'model.dir': '/mnt/models',
    'server.port': '8080',
    'endpoint.name': 'iris',
  };

  it('fills strings at any depth and leaves everything else', () => {
    const container = {
      args: ['--port={{server.port}}', '{{ model.dir }}/x'],
      env: [{ name: '{{x', value: '$(A)' }],
      port: 1,
    };
    expect(fillPlaceholders(container, values)).toEqual({
      args: ['--port=8080', '/mnt/models/x'],
      env: [{ name: '{{x', value: '$(A)' }],
      port: 1,
    });
  });

  it('refuses a placeholder that does not exist', () => {
    expect(() => fillPlaceholders(['{{model.name}}'], values)).toThrow(
      expect.objectContaining({
        code: 'RUNTIME_PLACEHOLDER_UNKNOWN',
        message: expect.stringContaining('{{model.name}}') as string,
      }),
    );
  });
});

describe('overlayTemplate', () => {
  it.each<[string, object, object, object]>([
    ['merges objects field by field', { a: { b: 1, c: 2 } }, { a: { c: 3 } }, { a: { b: 1, c: 3 } }],
    ['removes a field that is null', { a: 1, b: 2 }, { a: null }, { b: 2 }],
    ['keeps fields that nobody knows', {}, { futureField: { x: [1] } }, { futureField: { x: [1] } }],
    [
      'merges containers by name',
      { containers: [{ name: 'model', image: 'a' }, { name: 's' }] },
      { containers: [{ name: 'model', tty: true }, { name: 'new' }] },
      { containers: [{ name: 'model', image: 'a', tty: true }, { name: 's' }, { name: 'new' }] },
    ],
    [
      'merges env by name and volumeMounts by path',
      { env: [{ name: 'A', value: '1' }], volumeMounts: [{ mountPath: '/m', name: 'v' }] },
      { env: [{ name: 'A', value: '2' }], volumeMounts: [{ mountPath: '/n', name: 'v' }] },
      {
        env: [{ name: 'A', value: '2' }],
        volumeMounts: [
          { mountPath: '/m', name: 'v' },
          { mountPath: '/n', name: 'v' },
        ],
      },
    ],
    [
      'takes a port without a protocol for TCP',
      { ports: [{ containerPort: 80, protocol: 'TCP' }] },
      { ports: [{ containerPort: 80, name: 'http' }] },
      { ports: [{ containerPort: 80, protocol: 'TCP', name: 'http' }] },
    ],
    [
      'replaces other lists as a whole',
      { args: ['a', 'b'], tolerations: [{ key: 'x' }] },
      { args: ['c'], tolerations: [] },
      { args: ['c'], tolerations: [] },
    ],
    [
      'deletes an entry on request',
      { volumes: [{ name: 'a' }, { name: 'b' }] },
      { volumes: [{ name: 'a', $patch: 'delete' }] },
      { volumes: [{ name: 'b' }] },
    ],
    [
      'replaces an entry or an object on request',
      { volumes: [{ name: 'a', emptyDir: {} }], s: { x: 1 } },
      { volumes: [{ name: 'a', configMap: {}, $patch: 'replace' }], s: { y: 2, $patch: 'replace' } },
      { volumes: [{ name: 'a', configMap: {} }], s: { y: 2 } },
    ],
  ])('%s', (_name, base, overlay, merged) => {
    expect(overlayTemplate(base as Record<string, unknown>, overlay as Record<string, unknown>)).toEqual(
      merged,
    );
  });

  it('changes neither of its arguments', () => {
    const base = Object.freeze({ containers: Object.freeze([Object.freeze({ name: 'model' })]) });
    expect(() => overlayTemplate(base, { containers: [{ name: 'model', tty: true }] })).not.toThrow();
  });
});
