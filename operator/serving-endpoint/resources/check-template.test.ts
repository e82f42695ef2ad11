/** Owns the table of what the template of an entity may do to Fairlead's own containers, whatever words it uses for that. */
import { describe, expect, it } from 'vitest';
import { anEndpoint } from '../../../test/support/an-endpoint.ts';
import { aConfig, aRuntime } from '../../operator-fixture.ts';
import { aBlueprint } from './blueprint-fixture.ts';
import { makePodTemplate } from './make-pod-template.ts';

const runtime = aRuntime('r', {
  fetcher: {
    name: 'f',
    image: 'runtime:1',
    command: ['fetch'],
    env: [{ name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'of-the-runtime', key: 'token' } } }],
  },
});
const podWith = (template: Record<string, unknown>, given: Parameters<typeof aBlueprint>[1] = { runtime }) =>
  makePodTemplate(aBlueprint(anEndpoint('iris').servingModel('models:/iris/1', { template }), given)).spec!;
const initContainers = (...entries: object[]) => ({ spec: { initContainers: entries } });

describe('a template that', () => {
  it.each<[string, Record<string, unknown>]>([
    [
      'gives the sidecar other resources',
      initContainers({ name: 'sidecar', resources: { limits: { memory: '1Gi' } } }),
    ],
    ['takes the resources of the fetcher away', initContainers({ name: 'fetch-model', resources: null })],
    [
      'adds to the environment of the fetcher',
      initContainers({ name: 'fetch-model', env: [{ name: 'A', value: '1' }] }),
    ],
    [
      'gives the sidecar an environment from elsewhere',
      initContainers({ name: 'sidecar', envFrom: [{ configMapRef: { name: 'proxy' } }] }),
    ],
    [
      'mounts a certificate for the fetcher',
      {
        spec: {
          volumes: [{ name: 'ca', configMap: { name: 'ca' } }],
          initContainers: [{ name: 'fetch-model', volumeMounts: [{ name: 'ca', mountPath: '/ca' }] }],
        },
      },
    ],
    ['adds an init container of its own', initContainers({ name: 'mine', image: 'mine' })],
    [
      'changes the model server in every way',
      { spec: { containers: [{ $patch: 'replace', name: 'model', image: 'mine' }] } },
    ],
    [
      'gives the model another volume',
      { spec: { volumes: [{ name: 'model', emptyDir: { sizeLimit: '9Gi' } }] } },
    ],
    ['says of them what is so already', initContainers({ name: 'sidecar', restartPolicy: 'Always' })],
    ['says nothing of them', { spec: { priorityClassName: 'high' } }],
  ])('%s is taken', (_name, template) => {
    const names = podWith(template).initContainers!.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['fetch-model', 'sidecar']));
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    [
      'deletes the sidecar',
      initContainers({ name: 'sidecar', $patch: 'delete' }),
      /removes the container "sidecar"/,
    ],
    [
      'deletes the fetcher',
      initContainers({ name: 'fetch-model', $patch: 'delete' }),
      /removes the container "fetch-model"/,
    ],
    [
      'removes all init containers',
      { spec: { initContainers: null } },
      /(?=.*removes the container "fetch-model")(?=.*removes the container "sidecar")/,
    ],
    [
      'replaces all init containers',
      initContainers({ $patch: 'replace' }, { name: 'mine', image: 'mine' }),
      /removes the container "sidecar"/,
    ],
    [
      'replaces the sidecar',
      initContainers({ $patch: 'replace', name: 'sidecar', image: 'mine' }),
      /changes .*image.* of the container "sidecar"/,
    ],
    [
      'keeps only some fields of the fetcher',
      initContainers({ name: 'fetch-model', $retainKeys: ['name', 'image'] }),
      /changes .*command.* of the container "fetch-model"/,
    ],
    [
      'retains nothing of the pod',
      { spec: { $retainKeys: ['containers'] } },
      /removes the container "sidecar"/,
    ],
    [
      'replaces the pod',
      { spec: { $patch: 'replace', containers: [{ name: 'mine' }] } },
      /removes the container "sidecar".*removes the container "model"/,
    ],
    ['is no pod at all', { spec: 'none' }, /removes the container "sidecar"/],
    [
      'names another image of the fetcher',
      initContainers({ name: 'fetch-model', image: 'mine' }),
      /changes image of the container "fetch-model"/,
    ],
    [
      'gives the fetcher another command',
      initContainers({ name: 'fetch-model', command: ['sh'] }),
      /changes command of/,
    ],
    [
      'gives the fetcher more arguments',
      initContainers({ name: 'fetch-model', args: ['--destination', '/x'] }),
      /changes args of/,
    ],
    [
      'gives the sidecar a hook',
      initContainers({ name: 'sidecar', lifecycle: { postStart: { exec: { command: ['sh'] } } } }),
      /changes lifecycle of/,
    ],
    [
      'lets the sidecar be root',
      initContainers({ name: 'sidecar', securityContext: { runAsNonRoot: false } }),
      /changes securityContext of/,
    ],
    [
      'ends the sidecar with the start',
      initContainers({ name: 'sidecar', restartPolicy: null }),
      /changes restartPolicy of/,
    ],
    [
      'changes a variable of the sidecar',
      initContainers({ name: 'sidecar', env: [{ name: 'NODE_OPTIONS', value: '--require=/x' }] }),
      /changes env of/,
    ],
    [
      'deletes a variable of the fetcher',
      initContainers({ name: 'fetch-model', env: [{ name: 'TOKEN', $patch: 'delete' }] }),
      /changes env of/,
    ],
    [
      'mounts something else over the configuration',
      {
        spec: {
          volumes: [{ name: 'mine', emptyDir: {} }],
          initContainers: [
            { name: 'sidecar', volumeMounts: [{ name: 'mine', mountPath: '/etc/fairlead/sidecar' }] },
          ],
        },
      },
      /changes volumeMounts of/,
    ],
    [
      'makes the environment of the fetcher no list',
      initContainers({ name: 'fetch-model', env: 'A=1' }),
      /changes env of/,
    ],
    [
      'gives the sidecar another configuration',
      { spec: { volumes: [{ name: 'sidecar-config', configMap: { name: 'mine' } }] } },
      /changes the volume "sidecar-config"/,
    ],
    [
      'gives the sidecar another certificate',
      { spec: { volumes: [{ name: 'sidecar-tls', $patch: 'delete' }] } },
      /changes the volume "sidecar-tls"/,
    ],
    [
      'deletes the model server',
      { spec: { containers: [{ name: 'model', $patch: 'delete' }, { name: 'x' }] } },
      /removes the container "model"/,
    ],
  ])('%s is refused, with what it may do', (_name, template, words) => {
    expect(() => podWith(template)).toThrow(
      expect.objectContaining({
        code: 'TEMPLATE_REFUSED',
        message: expect.stringMatching(words) as string,
      }),
    );
    expect(() => podWith(template)).toThrow(
      /a template may set resources, and add to env, envFrom and volumeMounts$/,
    );
  });

  it('belongs to a runtime or to the hardware may do more: they are the administrator’s', () => {
    const over = { template: initContainers({ name: 'sidecar', image: 'mirror/fairlead:1' }) };
    const config = aConfig({ workloadTypes: { CPU: { resources: {}, ...over } } });
    expect(podWith({}, { runtime: aRuntime('r', over) }).initContainers).toContainEqual(
      expect.objectContaining({ name: 'sidecar', image: 'mirror/fairlead:1' }),
    );
    expect(podWith({}, { config }).initContainers).toContainEqual(
      expect.objectContaining({ name: 'sidecar', image: 'mirror/fairlead:1' }),
    );
  });
});
