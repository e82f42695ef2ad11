/** Owns the tests of what sidecars are given to account, log and trace requests with. */
import { expect, it } from 'vitest';
import { planAccounting } from '../../../core/accounting/accounting-plan.ts';
import { sidecarConfigSchema } from '../../../core/sidecar-config.ts';
import { anEndpoint } from '../../../test/support/an-endpoint.ts';
import { aConfig } from '../../operator-fixture.ts';
import { aBlueprint } from './blueprint-fixture.ts';
import { makePodTemplate } from './make-pod-template.ts';
import { makeSidecarConfig } from './make-sidecar-config-map.ts';

const iris = anEndpoint('iris').servingModel('models:/iris/1');

it('a sidecar has a volume for payload logs where the operator is told to give it one', () => {
  const payloadLog = { volume: { emptyDir: { sizeLimit: '1Gi' } }, maxBytes: 1_000 };
  const made = makePodTemplate(aBlueprint(iris, { config: aConfig({ sidecar: { payloadLog } }) }));
  const sidecar = made.spec!.initContainers!.find(({ name }) => name === 'sidecar')!;
  const directory = '/var/lib/fairlead/payload-log';
  expect(sidecar.args!.slice(-4)).toEqual([
    '--payload-log-dir',
    directory,
    '--payload-log-max-bytes',
    '1000',
  ]);
  expect(sidecar.volumeMounts).toContainEqual({ name: 'payload-log', mountPath: directory });
  expect(made.spec!.volumes).toContainEqual({ name: 'payload-log', emptyDir: { sizeLimit: '1Gi' } });
});

it('a sidecar that is nobody’s first hop is told of no accounts', () => {
  expect(makeSidecarConfig(aBlueprint(iris))).not.toHaveProperty('accounting');
  const accounting = planAccounting(
    iris.withSpec({ aiGateway: { inferenceTable: { enabled: true, lossless: false } } }).build(),
  );
  const told = makeSidecarConfig(aBlueprint(iris, { accounting }));
  expect(sidecarConfigSchema.parse(told).accounting).toEqual(accounting);
});

it('sidecars are told how to log and trace requests, where the operator is', () => {
  const accessLog = { sampling: 0.5, slowMs: 1_000 };
  const tracing = { endpoint: 'http://collector:4318', ratio: 0.1 };
  const told = makeSidecarConfig(aBlueprint(iris, { config: aConfig({ sidecar: { accessLog, tracing } }) }));
  expect(sidecarConfigSchema.parse(told)).toMatchObject({ accessLog, tracing });
  const untold = makeSidecarConfig(aBlueprint(iris));
  expect(untold).not.toHaveProperty('accessLog');
  expect(untold).not.toHaveProperty('tracing');
});
