import { describe, expect, it } from 'vitest';
import { aPod } from '../../controllers/objects/object-builders.ts';
import type { ConfigMap, Container, Secret } from '../../controllers/objects/kinds.ts';
import type { Lookups } from './environment.ts';
import { makeEnvironment } from './environment.ts';

const metadata = (name: string) => ({ name, uid: name, resourceVersion: '1', creationTimestamp: '' });
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const configMap: ConfigMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: metadata('settings'),
  data: { LEVEL: 'debug', URL: 'http://x' },
};
const secret: Secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: metadata('creds'),
  data: { KEY: base64('s3cret') },
};
const lookups: Lookups = {
  configMap: (name) => (name === 'settings' ? configMap : undefined),
  secret: (name) => (name === 'creds' ? secret : undefined),
};

const pod = aPod('web', { metadata: { labels: { app: 'web' } }, spec: { serviceAccountName: 'runner' } });

function environment(container: Partial<Container>, serviceLinks: Record<string, string> = {}) {
  return makeEnvironment({
    pod,
    container: { name: 'web', ...container },
    addresses: { podIP: '127.66.0.2', hostIP: '127.0.0.1' },
    allocatable: { cpu: '2', memory: '1024Ki' },
    lookups,
    serviceLinks,
  });
}

const fromConfigMap = (name: string, key: string, optional?: boolean) => ({
  name: 'X',
  valueFrom: { configMapKeyRef: { name, key, ...(optional === undefined ? {} : { optional }) } },
});
const fromSecret = (name: string, key: string, optional?: boolean) => ({
  name: 'X',
  valueFrom: { secretKeyRef: { name, key, ...(optional === undefined ? {} : { optional }) } },
});
const field = (fieldPath: string) => ({ name: 'X', valueFrom: { fieldRef: { fieldPath } } });
const resource = (name: string, divisor?: string) => ({
  name: 'X',
  valueFrom: { resourceFieldRef: { resource: name, ...(divisor === undefined ? {} : { divisor }) } },
});

describe('a variable', () => {
  it.each([
    ['from a plain value', { name: 'X', value: 'v' }, 'v'],
    ['without a value', { name: 'X' }, ''],
    ['from a ConfigMap', fromConfigMap('settings', 'LEVEL'), 'debug'],
    ['from a Secret', fromSecret('creds', 'KEY'), 's3cret'],
    ['from an optional ConfigMap that is missing', fromConfigMap('none', 'LEVEL', true), undefined],
    ['from an optional key that is missing', fromSecret('creds', 'NONE', true), undefined],
    ['from the name of the pod', field('metadata.name'), 'web'],
    ['from the namespace of the pod', field('metadata.namespace'), 'default'],
    ['from the uid of the pod', field('metadata.uid'), 'uid-web'],
    ['from a label', field("metadata.labels['app']"), 'web'],
    ['from a label that the pod lacks', field("metadata.labels['none']"), ''],
    ['from the address of the pod', field('status.podIP'), '127.66.0.2'],
    ['from the address of the node', field('status.hostIP'), '127.0.0.1'],
    ['from the name of the node', field('spec.nodeName'), 'fairlead-node'],
    ['from the service account', field('spec.serviceAccountName'), 'runner'],
    ['from a limit that the container lacks', resource('limits.cpu'), '2'],
    ['from a limit in a unit', resource('limits.memory', '1Mi'), '1'],
    ['from a request that the container lacks', resource('requests.cpu'), '0'],
  ])('can be made %s', (_name, variable, expected) => {
    expect(environment({ env: [variable] })['X']).toBe(expected);
  });

  it('can be made from what the container asks for, rounded up', () => {
    const container = { resources: { limits: { cpu: '1500m' } }, env: [resource('limits.cpu')] };
    expect(environment(container)['X']).toBe('2');
  });

  it.each([
    ['a ConfigMap', fromConfigMap('none', 'LEVEL'), 'configmap "none" not found'],
    ['a Secret', fromSecret('none', 'KEY'), 'secret "none" not found'],
    [
      'a key of a ConfigMap',
      fromConfigMap('settings', 'NONE'),
      "couldn't find key NONE in ConfigMap default/settings",
    ],
    ['a key of a Secret', fromSecret('creds', 'NONE'), "couldn't find key NONE in Secret default/creds"],
    ['a field that is not known', field('status.phase'), 'unsupported fieldPath: status.phase'],
    ['a resource that is not known', resource('cpu'), 'unsupported container resource: cpu'],
  ])('cannot be made without %s', (_name, variable, message) => {
    expect(() => environment({ env: [variable] })).toThrow(message);
  });
});

describe('the environment', () => {
  it('takes whole ConfigMaps and Secrets, with a prefix where asked', () => {
    const envFrom = [{ configMapRef: { name: 'settings' } }, { prefix: 'S3_', secretRef: { name: 'creds' } }];
    expect(environment({ envFrom })).toEqual({ LEVEL: 'debug', URL: 'http://x', S3_KEY: 's3cret' });
  });

  it('leaves out optional sources that are missing, and refuses others', () => {
    expect(environment({ envFrom: [{ configMapRef: { name: 'no', optional: true } }] })).toEqual({});
    expect(environment({ envFrom: [{ secretRef: { name: 'no', optional: true } }] })).toEqual({});
    expect(() => environment({ envFrom: [{ configMapRef: { name: 'no' } }] })).toThrow(
      'configmap "no" not found',
    );
    expect(() => environment({ envFrom: [{ secretRef: { name: 'no' } }] })).toThrow('secret "no" not found');
  });

  it('lets env win over envFrom, and envFrom over Services', () => {
    const container = {
      envFrom: [{ configMapRef: { name: 'settings' } }],
      env: [{ name: 'LEVEL', value: 'info' }],
    };
    expect(environment(container, { URL: 'service', HOST: 'h' })).toEqual({
      URL: 'http://x',
      HOST: 'h',
      LEVEL: 'info',
    });
  });

  it('expands references to what came before, and leaves others as they are', () => {
    const env = [
      { name: 'A', value: 'a' },
      { name: 'B', value: '$(A)-$(C)-$$(A)-$(HOST)' },
      { name: 'C', value: 'c' },
    ];
    expect(environment({ env }, { HOST: 'h' })['B']).toBe('a-$(C)-$(A)-h');
  });
});
