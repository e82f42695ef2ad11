/** Owns the tests of the words for a pod that no node takes, on what the scheduler of Kubernetes 1.37 says. */
import { describe, expect, it } from 'vitest';
import { explainUnschedulable } from './explain-unschedulable.ts';

describe('explainUnschedulable', () => {
  it.each([
    [
      'names the resource that is short',
      '0/3 nodes are available: 3 Insufficient nvidia.com/gpu. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.',
      'no node can take the pod: on 3 of 3 nodes not enough nvidia.com/gpu is free; add nodes, free the resource, or choose a smaller workload type or size',
    ],
    [
      'names several causes, and each remedy once',
      '0/4 nodes are available: 1 Insufficient cpu, 2 Insufficient memory, 1 node(s) had untolerated taint {nvidia.com/gpu: present}.',
      'no node can take the pod: on 1 of 4 nodes not enough cpu is free, on 2 of 4 nodes not enough memory is free, on 1 of 4 nodes there is a taint that the pod does not tolerate {nvidia.com/gpu: present}; add nodes, free the resource, or choose a smaller workload type or size, or add a toleration in the template of the entity or in the operator’s workload types',
    ],
    [
      'names labels that no node has',
      "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.",
      'no node can take the pod: on 2 of 2 nodes the labels do not match the node selector; add nodes with those labels, or correct the node selector of the workload type',
    ],
    [
      'names nodes that are cordoned',
      '0/1 nodes are available: 1 node(s) were unschedulable.',
      'no node can take the pod: on 1 of 1 nodes scheduling is switched off (cordoned); uncordon them, or add nodes',
    ],
    [
      'names a volume that cannot be used',
      '0/1 nodes are available: 1 persistentvolumeclaim "models" not found.',
      'no node can take the pod: on 1 of 1 nodes a volume cannot be used there (persistentvolumeclaim "models" not found); check the PersistentVolumeClaim that the entity names',
    ],
    [
      'passes on what it does not know',
      '0/1 nodes are available: 1 something new.',
      'no node can take the pod: on 1 of 1 nodes something new; add such nodes or choose another workload type',
    ],
    [
      'passes on what is said in other words',
      'no nodes available to schedule pods',
      'no node can take the pod: no nodes available to schedule pods; add such nodes or choose another workload type',
    ],
    [
      'says that it was told nothing',
      '',
      'no node can take the pod: the scheduler gave no cause; add such nodes or choose another workload type',
    ],
  ])('%s', (_name, said, message) => {
    expect(explainUnschedulable(said)).toEqual({ reason: 'Unschedulable', message });
  });
});
