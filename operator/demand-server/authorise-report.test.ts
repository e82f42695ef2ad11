import { describe, expect, it } from 'vitest';
import type { DemandReport } from '../../core/scaling/demand-report.ts';
import { authoriseReport } from './authorise-report.ts';

const gateway = 'spiffe://td/ns/fairlead-system/sa/fairlead-gateway';
const iris = 'spiffe://td/ns/team/endpoint/iris';
const authority = {
  trustDomain: 'td',
  gatewayIdentity: gateway,
  endpointOf: (namespace: string, deployment: string) =>
    namespace === 'team' && deployment !== 'gone' ? deployment.split('-')[0] : undefined,
  deploymentOf: (namespace: string, pod: string) =>
    namespace === 'team' && pod === 'pod-of-iris-1' ? 'iris-1' : undefined,
};
const report = (
  ...on: (readonly [endpoint: string, deployment: string, namespace?: string])[]
): DemandReport => ({
  reporter: 'pod',
  instance: 'i',
  intervalMs: 1000,
  entries: on.map(([endpoint, deployment, namespace = 'team']) => ({
    namespace,
    endpoint,
    deployment,
    inFlight: 0,
    queued: 0,
    finished: 0,
    averageConcurrency: 0,
  })),
});

describe('authoriseReport', () => {
  it.each([
    ['a sidecar on its own endpoint', report(['iris', 'iris-1']), [iris], 'sidecar', 1],
    ['a gateway on every endpoint', report(['iris', 'iris-1'], ['rose', 'rose-1']), [gateway], 'gateway', 2],
    [
      'what a gateway says, without a Deployment that is labelled with another endpoint',
      report(['iris', 'rose-1'], ['iris', 'iris-1']),
      [gateway],
      'gateway',
      1,
    ],
    [
      'what is known of it, where a Deployment is gone',
      report(['iris', 'gone'], ['iris', 'iris-1']),
      [iris],
      'sidecar',
      1,
    ],
  ])('counts %s', (_name, given, identities, source, entries) => {
    const authorised = authoriseReport(given, identities, authority);
    expect(authorised).toMatchObject({ source });
    expect('report' in authorised && authorised.report.entries).toHaveLength(entries);
  });

  it.each([
    [
      'a sidecar on another endpoint',
      report(['iris', 'iris-1'], ['rose', 'rose-1']),
      [iris],
      /may not report on team\/rose/,
    ],
    [
      'a sidecar on another namespace',
      report(['iris', 'iris-1', 'other']),
      [iris],
      /may not report on other\/iris/,
    ],
    [
      "a sidecar on another endpoint's Deployment",
      report(['iris', 'rose-1']),
      [iris],
      /rose-1 does not belong to team\/iris/,
    ],
    ['a caller without identity', report(['iris', 'iris-1']), [], /a caller without identity/],
    [
      'an operator',
      report(['iris', 'iris-1']),
      ['spiffe://td/ns/fairlead-system/sa/fairlead-operator'],
      /may not report/,
    ],
  ])('refuses %s', (_name, given, identities, refusal) => {
    expect(authoriseReport(given, identities, authority)).toEqual({
      refusal: expect.stringMatching(refusal) as string,
    });
  });
});

describe('how far a fetch is', () => {
  it.each([
    ['counts from the sidecar of the pod', 'pod-of-iris-1', 'iris-1', iris, { bytes: 5 }],
    ['does not count from a pod that nobody has seen', 'pod-of-nobody', 'iris-1', iris, undefined],
    ['does not count on another Deployment than the pod’s', 'pod-of-iris-1', 'iris-2', iris, undefined],
    ['does not count from a gateway', 'pod-of-iris-1', 'iris-1', gateway, undefined],
  ])('%s', (_name, reporter, deployment, identity, counted) => {
    const given = report(['iris', deployment]);
    const entries = given.entries.map((entry) => ({ ...entry, fetchProgress: { bytes: 5 } }));
    const authorised = authoriseReport({ ...given, reporter, entries }, [identity], authority);
    expect('report' in authorised && authorised.report.entries.map((entry) => entry.fetchProgress)).toEqual([
      counted,
    ]);
  });
});

describe('the store of limits', () => {
  it.each([
    ['counts from a gateway', gateway, false],
    ['does not count from a sidecar', iris, undefined],
  ])('%s', (_name, identity, counted) => {
    const given = { ...report(['iris', 'iris-1']), limitStoreUp: false };
    const authorised = authoriseReport(given, [identity], authority);
    expect('report' in authorised && authorised.report.limitStoreUp).toBe(counted);
    expect('report' in authorised && authorised.report.entries).toHaveLength(1);
  });
});
