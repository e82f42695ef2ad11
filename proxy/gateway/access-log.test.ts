/** Owns the proof that the access log tells of each request what it should, and never what is secret. */
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeLogger } from '../../platform/logging.ts';
import type { LogLevel } from '../../platform/logging.ts';
import { startSidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import type { SidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import { aWineEndpoint } from '../testing/cluster-fixture.ts';
import { makePki } from '../testing/pki-fixture.ts';
import type { Pki } from '../testing/pki-fixture.ts';
import type { GatewayConfig } from './config.ts';
import { aliceHeaders, startGatewayUnderTest, winePath } from './gateway-fixture.ts';
import type { GatewayUnderTest } from './gateway-fixture.ts';

let pki: Pki;
let pod: SidecarUnderTest;
let t: GatewayUnderTest;
let written: string[];
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());
beforeEach(async () => {
  written = [];
  pod = await startSidecarUnderTest(pki);
});
afterEach(async () => {
  await t.stop();
  await pod.stop();
});

type Line = Record<string, unknown>;
const lines = (): Line[] =>
  written.map((line) => JSON.parse(line) as Line).filter(({ msg }) => msg === 'request ended');

async function start(accessLog: GatewayConfig['accessLog'], level: LogLevel = 'info'): Promise<void> {
  const log = makeLogger({ process: 'gateway', level }, { write: (line) => void written.push(line) });
  t = await startGatewayUnderTest(pki, { config: { accessLog }, log });
  t.cluster.setPods('team-a', 'wine-0123456789', [{ ...pod.sidecar.data, ready: true }]);
  t.cluster.setEndpoint(aWineEndpoint());
  await t.caughtUp();
}

const every = { sampling: 1, slowMs: 5_000 };

describe('a line', () => {
  it('tells who asked what, and what became of it', async () => {
    await start(every);
    await t.send({ headers: { ...aliceHeaders, 'x-request-id': 'r-1' } });
    expect(lines()).toEqual([
      {
        level: 'info',
        time: expect.any(String) as string,
        process: 'gateway',
        requestId: 'r-1',
        client: '127.0.0.1',
        endpoint: 'team-a/wine',
        servedEntity: 'wine-1',
        principal: 'alice',
        status: 200,
        reason: '',
        tookMs: expect.any(Number) as number,
        requestBytes: 14,
        msg: 'request ended',
      },
    ]);
  });

  it('names the trace of a request that is traced', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    await start(every);
    await t.stop();
    const log = makeLogger(
      { process: 'gateway', level: 'info' },
      { write: (line) => void written.push(line) },
    );
    const tracing = { endpoint: 'http://127.0.0.1:1', ratio: 1 };
    t = await startGatewayUnderTest(pki, { config: { accessLog: every, tracing }, log });
    await t.send({ headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } });
    expect(lines()).toMatchObject([{ traceId, status: 401, reason: 'no_token' }]);
  });

  it('is written of a sample, and of what failed in any case', async () => {
    await start({ sampling: 0, slowMs: 5_000 });
    await t.send();
    await t.send({ headers: {} });
    expect(lines()).toMatchObject([{ status: 401 }]);
  });

  it('is not written where nobody has asked for it, but at level debug', async () => {
    await start(undefined);
    await t.send();
    expect(lines()).toEqual([]);
    await t.stop();
    await start(undefined, 'debug');
    await t.send();
    expect(lines()).toMatchObject([{ level: 'debug', status: 200 }]);
  });
});

it('no header that looks like a token, no body and no query is ever in the log', async () => {
  await start(every, 'debug');
  const letters = (min: number, max: number) => fc.stringMatching(new RegExp(`^[A-Za-z0-9]{${min},${max}}$`));
  const secret = fc.oneof(
    fc.tuple(letters(20, 40), letters(20, 40), letters(20, 43)).map((parts) => `eyJ${parts.join('.')}`),
    fc
      .tuple(fc.constantFrom('sk-', 'ghp_', 'hf_', 'dapi', 'xoxb-', 'AKIA', 'glpat-'), letters(16, 60))
      .map(([prefix, rest]) => prefix + rest),
    letters(40, 120),
  );
  const name = fc.constantFrom(
    ...['authorization', 'cookie', 'x-api-key', 'x-request-id', 'traceparent', 'tracestate', 'user-agent'],
    ...[
      'x-forwarded-for',
      'x-fairlead-principal',
      'referer',
      'proxy-authorization',
      'x-databricks-workspace-id',
    ],
  );
  const scheme = fc.constantFrom('', 'Bearer ', 'Basic ');
  const path = fc.constantFrom(winePath, `${winePath}x`, '/serving-endpoints/none/invocations');
  await fc.assert(
    fc.asyncProperty(
      name,
      scheme,
      secret,
      path,
      fc.boolean(),
      async (header, prefix, value, target, known) => {
        written = [];
        await t.send({
          path: `${target}?token=${value}`,
          headers: { ...(known ? aliceHeaders : {}), [header]: `${prefix}${value}` },
          body: `{"inputs":["${value}"]}`,
        });
        expect(lines().length).toBe(1);
        for (const line of written) expect(line.includes(value)).toBe(false);
      },
    ),
    { numRuns: 60 },
  );
});
