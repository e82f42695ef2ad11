import { describe, expect, it } from 'vitest';
import { modelSchema } from '../../crds/schema/model-source.ts';
import { aRuntime } from '../operator-fixture.ts';
import { selectRuntime } from './select-runtime.ts';
import type { RuntimeCandidate } from './select-runtime.ts';

const wish = (given: object = {}, workloadType = 'CPU') => ({
  model: modelSchema.parse({ uri: 'models:/iris/1', ...given }),
  workloadType,
});
const formats = (...given: object[]) => ({ supportedModelFormats: given });
const mlflow = (given: object) => formats({ name: 'mlflow', ...given });
const from = (createdAt: string, runtime: RuntimeCandidate) => ({ ...runtime, createdAt });

interface Row {
  readonly rule: string;
  readonly candidates: readonly RuntimeCandidate[];
  readonly model?: object;
  readonly workloadType?: string;
  readonly recorded?: string;
  readonly chosen: string;
}

const chosen: readonly Row[] = [
  {
    rule: 'the one that serves the format',
    candidates: [aRuntime('a', formats({ name: 'xgboost' })), aRuntime('b')],
    chosen: 'b',
  },
  {
    rule: 'the namespace before the cluster, whatever the priority',
    candidates: [aRuntime('a', mlflow({ priority: 9 })), aRuntime('b', {}, 'namespace')],
    chosen: 'b',
  },
  {
    rule: 'within a scope the greater priority, whatever the protocol',
    candidates: [aRuntime('a'), aRuntime('b', { ...mlflow({ priority: 2 }), protocol: 'v2' })],
    chosen: 'b',
  },
  {
    rule: 'of one priority the first protocol, however old',
    candidates: [
      from('2026-05-01T00:00:00Z', aRuntime('a', { protocol: 'v2' })),
      aRuntime('b', { protocol: 'v1' }),
    ],
    chosen: 'b',
  },
  {
    rule: 'of one protocol the newest',
    candidates: [aRuntime('a'), from('2026-05-01T00:00:00Z', aRuntime('b'))],
    chosen: 'b',
  },
  { rule: 'of one age the first name', candidates: [aRuntime('b'), aRuntime('a')], chosen: 'a' },
  {
    rule: 'the recorded one while it fits, although a better one has come',
    candidates: [aRuntime('a', mlflow({ priority: 9 })), aRuntime('b')],
    recorded: 'ClusterServingRuntime/b',
    chosen: 'b',
  },
  {
    rule: 'not one of the same name in another scope',
    candidates: [aRuntime('b'), aRuntime('a', {}, 'namespace')],
    recorded: 'ServingRuntime/b',
    chosen: 'a',
  },
  {
    rule: 'another one once the recorded one is disabled',
    candidates: [aRuntime('a'), aRuntime('b', { disabled: true })],
    recorded: 'ClusterServingRuntime/b',
    chosen: 'a',
  },
  {
    rule: 'the named one, although it is not to be chosen by format',
    candidates: [aRuntime('a'), aRuntime('b', mlflow({ autoSelect: false }))],
    model: { runtime: 'b' },
    chosen: 'b',
  },
  {
    rule: 'the version of the format, where both name one',
    candidates: [aRuntime('a', mlflow({ version: '2' })), aRuntime('b', mlflow({ version: '3' }))],
    model: { format: { name: 'mlflow', version: '3' } },
    chosen: 'b',
  },
  {
    rule: 'a runtime for every version, where the user names one',
    candidates: [aRuntime('a')],
    model: { format: { name: 'mlflow', version: '3' } },
    chosen: 'a',
  },
  {
    rule: 'the priority of the version that is asked for',
    candidates: [
      aRuntime(
        'a',
        formats({ name: 'mlflow', version: '2', priority: 9 }, { name: 'mlflow', version: '3', priority: 1 }),
      ),
      aRuntime('b', mlflow({ version: '3', priority: 5 })),
    ],
    model: { format: { name: 'mlflow', version: '3' } },
    chosen: 'b',
  },
  {
    rule: 'the protocol that the user asks for',
    candidates: [aRuntime('a'), aRuntime('b', { protocol: 'v2' })],
    model: { protocol: 'v2' },
    chosen: 'b',
  },
  {
    rule: 'one that has a path for the task',
    candidates: [aRuntime('a'), aRuntime('b', { modelServer: { taskPaths: { chat: '/chat' } } })],
    model: { task: 'llm/v1/chat' },
    chosen: 'b',
  },
  {
    rule: 'one that runs on the workload type',
    candidates: [aRuntime('a', { workloadTypes: ['GPU_SMALL'] }), aRuntime('b', { workloadTypes: ['CPU'] })],
    chosen: 'b',
  },
];

const refused: readonly (Omit<Row, 'chosen'> & { readonly reason: string; readonly message: RegExp })[] = [
  {
    rule: 'no runtime serves the format',
    candidates: [aRuntime('a', formats({ name: 'onnx' }))],
    reason: 'NoRuntimeForFormat',
    message: /no ServingRuntime .* serves the format "mlflow"; create one/,
  },
  {
    rule: 'those that do are for another protocol, or must be named',
    candidates: [
      aRuntime('a', { protocol: 'v1' }),
      aRuntime('b', { ...mlflow({ autoSelect: false }), protocol: 'v2' }, 'namespace'),
    ],
    model: { protocol: 'v2' },
    reason: 'NoRuntimeForFormat',
    message:
      /ClusterServingRuntime "a": it speaks the protocol v1 and not v2; .*; ServingRuntime "b": it is only used when model.runtime names it/,
  },
  {
    rule: 'the named one does not exist',
    candidates: [],
    model: { runtime: 'x' },
    reason: 'RuntimeUnsuitable',
    message: /no ServingRuntime .* "x"; create it/,
  },
  {
    rule: 'the named one is disabled',
    candidates: [aRuntime('x', { disabled: true })],
    model: { runtime: 'x' },
    reason: 'RuntimeUnsuitable',
    message: /"x" is disabled; enable it/,
  },
  {
    rule: 'the named one of the namespace does not fit, although that of the cluster would',
    candidates: [aRuntime('x'), aRuntime('x', formats({ name: 'onnx' }), 'namespace')],
    model: { runtime: 'x' },
    reason: 'RuntimeUnsuitable',
    message: /does not serve the format "mlflow"; correct/,
  },
  {
    rule: 'the named one serves another version',
    candidates: [aRuntime('x', mlflow({ version: '2' }))],
    model: { runtime: 'x', format: { name: 'mlflow', version: '3' } },
    reason: 'RuntimeUnsuitable',
    message: /does not serve the format "mlflow" version 3/,
  },
  {
    rule: 'the named one speaks another protocol',
    candidates: [aRuntime('x')],
    model: { runtime: 'x', protocol: 'openai' },
    reason: 'RuntimeUnsuitable',
    message: /speaks the protocol mlflow and not openai; correct model.protocol/,
  },
  {
    rule: 'the named one does not do the task',
    candidates: [aRuntime('x')],
    model: { runtime: 'x', task: 'llm/v1/embeddings' },
    reason: 'RuntimeUnsuitable',
    message: /no path for the task llm\/v1\/embeddings; give it one/,
  },
  {
    rule: 'the named one needs a GPU',
    candidates: [aRuntime('x', { workloadTypes: ['GPU_SMALL', 'GPU_LARGE'] })],
    model: { runtime: 'x' },
    reason: 'RuntimeUnsuitable',
    message: /not run on the workload type CPU; set workload.type to one of GPU_SMALL, GPU_LARGE/,
  },
];

describe('the runtime of a model', () => {
  it.each(chosen)('is $rule', ({ candidates, model, workloadType, recorded, chosen: name }) => {
    expect(selectRuntime(candidates, wish(model, workloadType), recorded)).toMatchObject({
      runtime: { name },
    });
  });

  it('is the named one of the namespace before that of the cluster', () => {
    const candidates = [aRuntime('a'), aRuntime('a', {}, 'namespace')];
    expect(selectRuntime(candidates, wish({ runtime: 'a' }))).toMatchObject({
      runtime: { scope: 'namespace' },
    });
  });

  it.each(refused)('is missing when $rule', ({ candidates, model, reason, message }) => {
    expect(selectRuntime(candidates, wish(model))).toEqual({
      reason,
      message: expect.stringMatching(message) as string,
    });
  });
});
