import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LimitShares } from '../../core/quota/limit-shares.ts';
import type { DemandReport } from '../../core/scaling/demand-report.ts';
import { systemClock } from '../../platform/clock.ts';
import { makeLogger } from '../../platform/logging.ts';
import { until } from '../testing/http-client-fixture.ts';
import { gatewayIdentity, makePki, operatorIdentity } from '../testing/pki-fixture.ts';
import type { Pki } from '../testing/pki-fixture.ts';
import { startReportedTo } from '../testing/reported-to-fixture.ts';
import type { ReportedTo } from '../testing/reported-to-fixture.ts';
import { DemandMeter } from './demand-meter.ts';
import { DemandReporter } from './demand-reporter.ts';

let pki: Pki;
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function startOperator(identity = operatorIdentity): Promise<ReportedTo> {
  const operator = await startReportedTo(pki, identity);
  cleanUps.push(() => operator.stop());
  return operator;
}

async function startReporter(
  url: string,
  intervalMs: number,
  limits = new LimitShares(),
  limitStore?: { readonly isUp: boolean },
): Promise<{ reporter: DemandReporter; meter: DemandMeter }> {
  const { secureContext } = await pki.material(gatewayIdentity);
  const meter = new DemandMeter(() => systemClock.monotonic());
  const reporter = new DemandReporter({
    url,
    tls: { secureContext: () => secureContext, identity: operatorIdentity },
    intervalMs,
    limits,
    limitStore,
    reporter: 'wine-0',
    clock: systemClock,
    log: makeLogger({ process: 'test', level: 'silent' }),
    source: {
      read: (withHistory) => {
        const reading = meter.read(withHistory);
        const names = { namespace: 'team-a', endpoint: 'wine', deployment: 'wine-0123456789' };
        return { entries: [{ ...names, ...reading.entry }], confirm: () => meter.confirm(reading) };
      },
    },
  });
  cleanUps.push(() => reporter.stop());
  return { reporter, meter };
}

const never = 3_600_000;
const finishedIn = (reports: readonly DemandReport[]): number =>
  reports.reduce((sum, { entries }) => sum + (entries[0]?.finished ?? 0), 0);

it('reports at every interval, as one and the same reporter', async () => {
  const operator = await startOperator();
  await startReporter(operator.url, 100);
  await until(() => operator.reports.length >= 3);
  expect(new Set(operator.reports.map(({ reporter, instance }) => `${reporter} ${instance}`)).size).toBe(1);
  expect(operator.reports[1]?.intervalMs).toBeGreaterThan(50);
});

it('reports at once when it is asked to, and once more when it was asked meanwhile', async () => {
  const operator = await startOperator();
  const { reporter } = await startReporter(operator.url, never);
  for (let count = 0; count < 10; count += 1) reporter.reportNow();
  await until(() => operator.reports.length === 2);
});

it('carries what a failed report said into the next one', async () => {
  const operator = await startOperator();
  const { reporter, meter } = await startReporter(operator.url, never);
  const { answer } = operator;
  operator.answer = (response) => response.writeHead(503).end();
  meter.countFinished();
  reporter.reportNow();
  await until(() => reporter.failing);
  operator.answer = answer;
  operator.reports.length = 0;
  meter.countFinished();
  reporter.reportNow();
  await until(() => !reporter.failing);
  expect(finishedIn(operator.reports)).toBe(2);
});

it('follows an operator that does not lead to the one that does, and stays there', async () => {
  const [follower, leader] = [await startOperator(), await startOperator()];
  follower.answer = (response) => response.writeHead(307, { location: leader.url }).end();
  const { reporter } = await startReporter(follower.url, never);
  reporter.reportNow();
  await until(() => leader.reports.length === 1);
  reporter.reportNow();
  await until(() => leader.reports.length === 2);
  expect(follower.reports).toHaveLength(1);
});

it('comes back to the first address when the leader is gone', async () => {
  const [first, leader] = [await startOperator(), await startOperator()];
  const { answer } = first;
  first.answer = (response) => response.writeHead(307, { location: leader.url }).end();
  const { reporter } = await startReporter(first.url, never);
  reporter.reportNow();
  await until(() => leader.reports.length === 1);
  leader.answer = (response) => response.destroy();
  first.answer = answer;
  reporter.reportNow();
  await until(() => reporter.failing);
  reporter.reportNow();
  await until(() => !reporter.failing);
  expect(first.reports).toHaveLength(2);
});

it('tells what was before in its first report, and after a failure, for then the leader may be another', async () => {
  const operator = await startOperator();
  const { reporter } = await startReporter(operator.url, never);
  const { answer } = operator;
  const tellsHistory = (index: number): boolean => operator.reports[index]?.entries[0]?.history !== undefined;
  const report = async (): Promise<void> => {
    const count = operator.reports.length;
    // Asked for twice, so that the first one has been answered when the second one comes.
    for (let asked = 0; asked < 2; asked += 1) reporter.reportNow();
    await until(() => operator.reports.length === count + 2);
  };
  await report();
  expect([tellsHistory(0), tellsHistory(1)]).toEqual([true, false]);
  operator.answer = (response) => response.writeHead(503).end();
  reporter.reportNow();
  await until(() => reporter.failing);
  operator.answer = answer;
  await report();
  expect([tellsHistory(3), tellsHistory(4)]).toEqual([true, false]);
});

it('gives up on operators that send it in circles', async () => {
  const operator = await startOperator();
  operator.answer = (response) => response.writeHead(307, { location: operator.url }).end();
  const { reporter } = await startReporter(operator.url, never);
  reporter.reportNow();
  await until(() => reporter.failing);
  expect(operator.reports.length).toBeLessThan(10);
});

it('tells nobody who cannot prove to be the operator', async () => {
  const impostor = await startOperator(gatewayIdentity);
  const { reporter } = await startReporter(impostor.url, never);
  reporter.reportNow();
  await until(() => reporter.failing);
  expect(impostor.reports).toEqual([]);
});

it('says its last word when it stops', async () => {
  const operator = await startOperator();
  const { reporter, meter } = await startReporter(operator.url, never);
  meter.countFinished();
  await reporter.stop();
  expect(finishedIn(operator.reports)).toBe(1);
});

describe('limits that are shared', () => {
  const answerWith = (operator: ReportedTo, body: string): void => {
    operator.answer = (response) => response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  };

  it('are told with the demand, and the answer says what may be given out', async () => {
    const operator = await startOperator();
    answerWith(
      operator,
      JSON.stringify({
        limits: { pools: [{ pool: '', fraction: 0.25, isFair: true, counters: [] }] },
      }),
    );
    const shares = new LimitShares();
    const pool = shares.poolOf('');
    const { reporter } = await startReporter(operator.url, never, shares);
    reporter.reportNow();
    await until(() => pool.isTold);
    expect([pool.fraction, shares.isComplete]).toEqual([0.25, true]);
    expect(operator.reports[0]?.limits).toEqual({
      leaving: false,
      pools: [{ pool: '', fraction: 0.1, isTold: false, counters: [] }],
    });
    await reporter.stop();
    expect(operator.reports.at(-1)?.limits).toMatchObject({ leaving: true, pools: [{ fraction: 0.25 }] });
  });

  it('are no part of the report of a proxy that has none', async () => {
    const operator = await startOperator();
    const { reporter } = await startReporter(operator.url, never);
    reporter.reportNow();
    await until(() => operator.reports.length === 1);
    expect(operator.reports[0]?.limits).toBeUndefined();
  });

  it.each([
    ['is no answer', '{"limits":'],
    [
      'gives more than there is',
      JSON.stringify({ limits: { pools: [{ pool: '', fraction: 7, counters: [] }] } }),
    ],
  ])('stay as they are when what the operator says %s', async (_name, body) => {
    const operator = await startOperator();
    answerWith(operator, body);
    const shares = new LimitShares();
    const pool = shares.poolOf('');
    const { reporter } = await startReporter(operator.url, never, shares);
    reporter.reportNow();
    reporter.reportNow();
    await until(() => operator.reports.length === 2);
    await reporter.stop();
    expect([pool.isTold, reporter.failing]).toEqual([false, false]);
  });
});

describe('a store that limits are counted in', () => {
  it('is told, as it is at the moment', async () => {
    const operator = await startOperator();
    const limitStore = { isUp: true };
    const { reporter } = await startReporter(operator.url, never, new LimitShares(), limitStore);
    reporter.reportNow();
    await until(() => operator.reports.length === 1);
    limitStore.isUp = false;
    reporter.reportNow();
    await until(() => operator.reports.length === 2);
    expect(operator.reports.map(({ limitStoreUp }) => limitStoreUp)).toEqual([true, false]);
  });

  it('is no part of the report of a proxy that has none', async () => {
    const operator = await startOperator();
    const { reporter } = await startReporter(operator.url, never);
    reporter.reportNow();
    await until(() => operator.reports.length === 1);
    expect(operator.reports[0]).not.toHaveProperty('limitStoreUp');
  });
});
