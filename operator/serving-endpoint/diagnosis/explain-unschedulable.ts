/** Owns the words for a pod that no node takes: which resource is short, or which rule no node meets. */
import { entityReasons } from '../../../crds/schema/reasons.ts';
import type { EntityExplanation } from '../explanation.ts';

/**
 * Returns the explanation, read from what the scheduler says: `0/3 nodes are available: 1 Insufficient memory, 2
 * node(s) had untolerated taint {gpu: true}. preemption: …`. Words that are not known are passed on as they are.
 */
export function explainUnschedulable(said: string): EntityExplanation {
  const [verdict = ''] = said.split(/\.? preemption:/, 1);
  const total = /^0\/(\d+) nodes are available/.exec(verdict)?.[1];
  const causes = total === undefined ? [] : causesIn(verdict, Number(total));
  const remedies = [...new Set(causes.map(({ remedy }) => remedy))];
  const told = causes.length === 0 ? verdict.replace(/\.$/, '') : causes.map(({ words }) => words).join(', ');
  return {
    reason: entityReasons.unschedulable,
    message: `no node can take the pod: ${told || 'the scheduler gave no cause'}; ${remedies.join(', or ') || anyRemedy}`,
  };
}

const anyRemedy = 'add such nodes or choose another workload type';

interface Cause {
  readonly words: string;
  readonly remedy: string;
}

type Rule = readonly [pattern: RegExp, words: (match: RegExpExecArray) => string, remedy: string];

/** The scheduler's own phrases (its plugins NodeResourcesFit, TaintToleration, NodeAffinity, VolumeBinding …). */
const rules: readonly Rule[] = [
  [
    /^Insufficient (.+)$/,
    ([, resource]) => `not enough ${resource ?? ''} is free`,
    'add nodes, free the resource, or choose a smaller workload type or size',
  ],
  [/^Too many pods$/, () => 'the most pods that a node takes are there', 'add nodes'],
  [
    /untolerated taint(?:\(s\)| (\{.*\}))?/,
    ([, taint]) => `there is a taint that the pod does not tolerate${taint === undefined ? '' : ` ${taint}`}`,
    'add a toleration in the template of the entity or in the operator’s workload types',
  ],
  [
    /didn't match Pod's node affinity\/selector/,
    () => 'the labels do not match the node selector',
    'add nodes with those labels, or correct the node selector of the workload type',
  ],
  [/were unschedulable/, () => 'scheduling is switched off (cordoned)', 'uncordon them, or add nodes'],
  [
    /^.*volume.*$/i,
    ([words]) => `a volume cannot be used there (${words})`,
    'check the PersistentVolumeClaim that the entity names',
  ],
];

function causesIn(verdict: string, total: number): Cause[] {
  const list = verdict.slice(verdict.indexOf(':') + 1).replace(/\.$/, '');
  return list.split(/, (?=\d+ )/).flatMap((part) => {
    const [, count = '', phrase = ''] = /^\s*(\d+) (.*)$/.exec(part) ?? [];
    if (phrase === '') return [];
    const where = `on ${count} of ${total} nodes `;
    for (const [pattern, words, remedy] of rules) {
      const match = pattern.exec(phrase);
      if (match !== null) return [{ words: `${where}${words(match)}`, remedy }];
    }
    return [{ words: `${where}${phrase}`, remedy: anyRemedy }];
  });
}
