/** Owns how the webhooks of a phase are asked: one after the other where they may change the object, else at once. */
import { randomUUID } from 'node:crypto';
import type { Logger } from '../../../platform/logging.ts';
import { ApiError } from '../errors/api-error.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { applyJsonPatch } from '../patch/json-patch.ts';
import type { AdmissionQuestion } from '../pipeline/course.ts';
import type { Core } from '../pipeline/request-context.ts';
import { callWebhook } from './call-webhook.ts';
import type { Hook } from './hook.ts';
import { matchHook } from './match.ts';
import type { Match } from './match.ts';
import { inVersion, makeReviewRequest, parseReview, refusalOf, reviewVersion } from './review.ts';
import type { ReviewAnswer } from './review.ts';

export interface Dispatcher {
  readonly core: Core;
  readonly log: Logger;
}

/** Asks every webhook that matches. @throws ApiError of the first that refuses, in their order. */
export async function validate(
  dispatcher: Dispatcher,
  matches: readonly Match[],
  question: AdmissionQuestion,
): Promise<void> {
  const verdicts = await Promise.allSettled(matches.map((match) => ask(dispatcher, match, question)));
  for (const verdict of verdicts) if (verdict.status === 'rejected') throw verdict.reason;
}

/**
 * Returns the object as the webhooks leave it. Those that ask for it see it once more when a later one has changed it.
 *
 * @throws ApiError where one refuses.
 */
export async function mutate(
  dispatcher: Dispatcher,
  hooks: readonly Hook[],
  question: AdmissionQuestion,
): Promise<KubeObject | undefined> {
  const first = await mutateOnce(dispatcher, hooks, question);
  if (first.again.length === 0) return first.object;
  return (await mutateOnce(dispatcher, first.again, { ...question, object: first.object })).object;
}

async function mutateOnce(
  dispatcher: Dispatcher,
  hooks: readonly Hook[],
  question: AdmissionQuestion,
): Promise<{ readonly object: KubeObject | undefined; readonly again: readonly Hook[] }> {
  let { object } = question;
  const seen = new Set<Hook>();
  const again = new Set<Hook>();
  for (const hook of hooks) {
    // Each is matched against the object as those before it left it.
    const now = { ...question, object };
    const match = matchHook(dispatcher.core, hook, now);
    const answer = match === undefined ? undefined : await ask(dispatcher, match, now);
    if (match === undefined) continue;
    const next = patched(object, answer, match, question);
    if (next !== object) {
      for (const earlier of seen) again.add(earlier);
      seen.clear();
      object = next;
    }
    if (hook.reinvoked) seen.add(hook);
  }
  return { object, again: [...again] };
}

function patched(
  object: KubeObject | undefined,
  answer: ReviewAnswer | undefined,
  { type }: Match,
  question: AdmissionQuestion,
): KubeObject | undefined {
  if (object === undefined || answer?.patch === undefined) return object;
  if (Array.isArray(answer.patch) && answer.patch.length === 0) return object;
  const shown = inVersion(object, question.type, type);
  return inVersion(applyJsonPatch(shown, answer.patch) as KubeObject, type, question.type);
}

/** Returns undefined where the webhook could not be asked and may be passed by. @throws ApiError. */
async function ask(
  { core, log }: Dispatcher,
  { hook, type }: Match,
  question: AdmissionQuestion,
): Promise<ReviewAnswer | undefined> {
  const uid = randomUUID();
  const request = makeReviewRequest(question, type, uid);
  const review = { kind: 'AdmissionReview', apiVersion: reviewVersion, request };
  let answer: ReviewAnswer;
  try {
    const body = await callWebhook(core.store, hook, review).catch((error: unknown) => {
      throw new Error(`failed to call webhook: ${said(error)}`, { cause: error });
    });
    answer = read(body, uid, question.phase === 'mutate');
  } catch (error) {
    const message = `failed calling webhook ${JSON.stringify(hook.name)}: ${said(error)}`;
    log.warn({ configuration: hook.configuration, policy: hook.failurePolicy }, message);
    if (hook.failurePolicy === 'Ignore') return undefined;
    throw new ApiError(500, 'InternalError', `Internal error occurred: ${message}`);
  }
  question.request.warnings.push(...answer.warnings);
  if (!answer.allowed) throw refusalOf(hook.name, answer);
  return answer;
}

function read(body: unknown, uid: string, mayPatch: boolean): ReviewAnswer {
  try {
    return parseReview(body, uid, mayPatch);
  } catch (error) {
    throw new Error(`received invalid webhook response: ${said(error)}`, { cause: error });
  }
}

/** The message alone: what lies under it says the same in other words. */
const said = (error: unknown): string => (error instanceof Error ? error.message : String(error));
