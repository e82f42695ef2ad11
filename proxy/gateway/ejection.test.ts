/** Owns the proof that a pod which fails while others do not is taken out of traffic, and comes back. */
import { expect, it } from 'vitest';
import type { SidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import { until } from '../testing/http-client-fixture.ts';
import type { GatewayUnderTest } from './gateway-fixture.ts';
import { cleanUpAfterEach, startWithPods } from './wake-fixture.ts';

cleanUpAfterEach();

const quick = { ejectionFailures: 3, ejectionMs: 100 };

interface Answers {
  readonly calls: number[];
  /** Whether the model of the first pod fails. */
  fails: boolean;
}

function watch(pods: readonly SidecarUnderTest[]): Answers {
  const answers: Answers = { calls: pods.map(() => 0), fails: true };
  for (const [index, { model }] of pods.entries()) {
    model.respond = (request, response) => {
      answers.calls[index] = (answers.calls[index] ?? 0) + 1;
      const status = index === 0 && answers.fails ? 500 : 200;
      request.resume().once('end', () => response.writeHead(status, { 'content-length': 0 }).end());
    };
  }
  return answers;
}

const ejected = (t: GatewayUnderTest): Promise<number> => t.metric('fairlead_gateway_ejected_pods');

async function sendUntil(t: GatewayUnderTest, isDone: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isDone())) await t.send();
}

it('gets no request while it is out, and is counted', async () => {
  const { t, pods } = await startWithPods(3, {}, { ...quick, ejectionMs: 3_600_000 });
  const answers = watch(pods);
  await sendUntil(t, async () => (await ejected(t)) === 1);
  const before = answers.calls[0];
  for (let count = 0; count < 20; count += 1) expect((await t.send()).status).toBe(200);
  expect(answers.calls[0]).toBe(before);
  expect(await t.metric('fairlead_gateway_ejections_total{endpoint="team-a/wine"}')).toBe(1);
});

it('comes back after its time and serves on, once it says that it is well', async () => {
  const { t, pods } = await startWithPods(2, {}, quick);
  const answers = watch(pods);
  await sendUntil(t, async () => (await ejected(t)) === 1);
  answers.fails = false;
  const before = answers.calls[0] ?? 0;
  await sendUntil(t, () => (answers.calls[0] ?? 0) > before);
  expect(await ejected(t)).toBe(0);
});

it('does not come back while it does not say that it is well', async () => {
  const { t, pods } = await startWithPods(2, {}, quick);
  watch(pods);
  await sendUntil(t, async () => (await ejected(t)) === 1);
  await pods[0]?.sidecar.stop();
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(await ejected(t)).toBe(1);
  expect((await t.send()).status).toBe(200);
});

it('stays where it is the only one, and where all fail', async () => {
  const { t, pods } = await startWithPods(1, {}, quick);
  watch(pods);
  for (let count = 0; count < 10; count += 1) expect((await t.send()).status).toBe(500);
  expect(await ejected(t)).toBe(0);
});

it('is out as well when it is silent until time is up', async () => {
  const timeouts = { routing: { timeouts: { total: '1s' } } };
  const { t, pods } = await startWithPods(2, timeouts, { ejectionFailures: 1, ejectionMs: 3_600_000 });
  if (pods[0] !== undefined) pods[0].model.respond = () => undefined;
  await sendUntil(t, async () => {
    // Somebody else is well at the same time.
    await t.send();
    return (await ejected(t)) === 1;
  });
  for (let count = 0; count < 5; count += 1) expect((await t.send()).status).toBe(200);
});

it('is out as well when its connections break under requests', async () => {
  const { t, pods } = await startWithPods(2, {}, { ...quick, ejectionMs: 3_600_000 });
  const answers = watch(pods);
  const [first] = pods;
  if (first === undefined) throw new Error('there are two');
  first.model.respond = (_request, response) => {
    answers.calls[0] = (answers.calls[0] ?? 0) + 1;
    response.destroy();
  };
  await sendUntil(t, async () => (await ejected(t)) === 1);
  await until(() => (answers.calls[1] ?? 0) > 0);
});
