import { describe, expect, it } from 'vitest';
import type { ServingEndpointSpec } from '../../crds/schema/serving-endpoint.ts';
import { aTrafficMaker } from '../testing/target-fixture.ts';
import type { EndpointTraffic } from './endpoint-traffic.ts';

type Spec = Pick<ServingEndpointSpec, 'routing' | 'aiGateway'>;
const make = aTrafficMaker();

describe('what an endpoint says of its requests', () => {
  it.each<[string, Spec, Partial<EndpointTraffic>]>([
    [
      'is what is configured where it says nothing',
      {},
      {
        sticky: undefined,
        hasPrefixAffinity: false,
        hasFallback: false,
        retries: { attempts: 2, serverErrors: false },
        phases: { connectMs: 2_000, firstByteMs: 297_000, idleMs: 120_000 },
        totalMs: 297_000,
      },
    ],
    [
      'may be a header to stick by, however it is spelled',
      { routing: { sticky: { header: 'X-Session-Id' } } },
      { sticky: { from: 'header', name: 'x-session-id' } },
    ],
    [
      'may be a cookie to stick by, spelled as it is',
      { routing: { sticky: { cookie: 'Session' } } },
      { sticky: { from: 'cookie', name: 'Session' } },
    ],
    [
      'may be that prompts that begin alike belong together',
      { routing: { prefixAffinity: { enabled: true } } },
      { hasPrefixAffinity: true },
    ],
    [
      'may be that nothing is sent twice',
      { routing: { retries: { attempts: 0, serverErrors: false } } },
      { retries: { attempts: 0, serverErrors: false } },
    ],
    [
      'may be that a model can be asked twice',
      { routing: { retries: { serverErrors: true } } },
      { retries: { attempts: 2, serverErrors: true } },
    ],
    [
      'may be other time limits',
      { routing: { timeouts: { total: '10s', firstByte: '5s' } } },
      { totalMs: 10_000, phases: { connectMs: 2_000, firstByteMs: 5_000, idleMs: 120_000 } },
    ],
    [
      'may be that another entity helps out',
      { aiGateway: { fallback: { enabled: true } } },
      { hasFallback: true },
    ],
  ])('%s', (_name, spec, expected) => {
    expect(make(spec, 'team-a/wine')).toMatchObject(expected);
  });
});
