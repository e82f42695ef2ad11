/** Owns a write over HTTP from start to end: its webhooks are asked, and a write that was overtaken starts again. */
import type { KubeObject } from '../objects/kube-object.ts';
import { Overtaken } from '../pipeline/course.ts';
import type { AdmissionQuestion, Course } from '../pipeline/course.ts';
import type { RequestContext } from '../pipeline/request-context.ts';
import { mutate, validate } from './dispatch.ts';
import type { Dispatcher } from './dispatch.ts';
import { hooksOf } from './hook.ts';
import { matchHook } from './match.ts';

/** As often as Kubernetes tries a patch whose object changes meanwhile. */
const maxAttempts = 5;

/**
 * Returns what a write comes to. `start` begins it: once, or again where somebody else wrote the object while webhooks
 * were asked. Without webhooks for it a write is one step that nothing comes in between of.
 *
 * @throws ApiError of a webhook that refuses or cannot be asked, and of the write itself.
 */
export async function runWrite<T>(
  dispatcher: Dispatcher,
  request: RequestContext,
  start: () => Course<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run(dispatcher, start());
    } catch (error) {
      if (!(error instanceof Overtaken) || attempt === maxAttempts) throw error;
      request.warnings.length = 0;
    }
  }
}

async function run<T>(dispatcher: Dispatcher, course: Course<T>): Promise<T> {
  let step = course.next();
  while (step.done !== true) {
    const answer = answerOf(dispatcher, step.value);
    step = course.next(answer instanceof Promise ? await answer : answer);
  }
  return step.value;
}

/** Returns the object at once where nobody is to be asked: waiting would let other writes in between. */
function answerOf(
  dispatcher: Dispatcher,
  question: AdmissionQuestion,
): KubeObject | undefined | Promise<KubeObject | undefined> {
  const hooks = hooksOf(dispatcher.core.store, question.phase);
  if (hooks.length === 0) return question.object;
  const matches = hooks.flatMap((hook) => matchHook(dispatcher.core, hook, question) ?? []);
  // A webhook that does not match yet may do so after what another one changes.
  if (question.phase === 'mutate' && matches.length > 0) return mutate(dispatcher, hooks, question);
  if (matches.length === 0) return question.object;
  return validate(dispatcher, matches, question).then(() => question.object);
}
