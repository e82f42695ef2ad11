/** Owns the proof that a request is traced from its caller through gateway and sidecar to the model, as W3C and OTLP say it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TracingSettings } from '../../core/tracing/tracing-settings.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import { startSidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import type { SidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import { aWineEndpoint } from '../testing/cluster-fixture.ts';
import { spanKinds, startCollector } from '../testing/collector-fixture.ts';
import type { CollectedSpan, Collector } from '../testing/collector-fixture.ts';
import { until } from '../testing/http-client-fixture.ts';
import { makePki } from '../testing/pki-fixture.ts';
import type { Pki } from '../testing/pki-fixture.ts';
import { aliceHeaders, startGatewayUnderTest } from './gateway-fixture.ts';
import type { GatewayUnderTest } from './gateway-fixture.ts';

const deployment = 'wine-0123456789';
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const callerSpan = '00f067aa0ba902b7';
const sampled = `00-${traceId}-${callerSpan}-01`;

let pki: Pki;
let collector: Collector;
let pod: SidecarUnderTest;
let t: GatewayUnderTest;
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());
beforeEach(async () => {
  collector = await startCollector();
});
afterEach(async () => {
  await t.stop();
  await pod.stop();
  await collector.stop();
});

interface Start {
  readonly ratio?: number;
  readonly tracing?: TracingSettings | undefined;
  readonly spec?: Partial<ServingEndpoint['spec']>;
  readonly atZero?: boolean;
}

async function start({ ratio = 1, spec = {}, atZero = false, ...given }: Start = {}): Promise<void> {
  const tracing = 'tracing' in given ? given.tracing : { endpoint: collector.url, ratio };
  pod = await startSidecarUnderTest(pki, (config) => ({ ...config, tracing }));
  t = await startGatewayUnderTest(pki, { config: { tracing } });
  t.cluster.scales.set(`team-a/${deployment}`, 0);
  if (!atZero) t.cluster.setPods('team-a', deployment, [{ ...pod.sidecar.data, ready: true }]);
  t.cluster.setEndpoint(aWineEndpoint((endpoint) => ({ ...endpoint, spec: { ...endpoint.spec, ...spec } })));
  if (!atZero) await t.caughtUp();
  else await until(() => t.cluster.versionOf('endpoint', 'team-a/wine') !== undefined);
}

const traced = { headers: { ...aliceHeaders, traceparent: sampled, tracestate: 'vendor=1' } };
/** The one span of a service that satisfies what is asked. */
async function spanOf(service: string, is: (span: CollectedSpan) => boolean): Promise<CollectedSpan> {
  const find = (): CollectedSpan[] => collector.spans.filter((span) => span.service === service && is(span));
  await until(() => find().length > 0);
  expect(find()).toHaveLength(1);
  return find()[0]!;
}
const isServer = ({ kind }: CollectedSpan): boolean => kind === spanKinds.server;
const isClient = ({ kind }: CollectedSpan): boolean => kind === spanKinds.client;
const named = (name: string) => (span: CollectedSpan) => span.name === name;

describe('a request that is traced', () => {
  it('has one trace from its caller to the model', async () => {
    await start();
    expect((await t.send(traced)).status).toBe(200);
    const outer = await spanOf('fairlead-gateway', isServer);
    const sent = await spanOf('fairlead-gateway', isClient);
    const inner = await spanOf('fairlead-sidecar', isServer);
    const asked = await spanOf('fairlead-sidecar', isClient);
    expect([outer, sent, inner, asked].map((span) => span.traceId)).toEqual(Array(4).fill(traceId));
    expect(outer.parentSpanId).toBe(callerSpan);
    expect(sent.parentSpanId).toBe(outer.spanId);
    expect(inner.parentSpanId).toBe(sent.spanId);
    expect(asked.parentSpanId).toBe(inner.spanId);
    expect(pod.model.seen[0]?.headers).toMatchObject({
      traceparent: `00-${traceId}-${asked.spanId}-01`,
      tracestate: 'vendor=1',
    });
  });

  it('is described by names that others know', async () => {
    await start();
    await t.send({ headers: { ...traced.headers, 'x-request-id': 'r-1' } });
    const outer = await spanOf('fairlead-gateway', isServer);
    expect(outer).toMatchObject({ name: 'POST /serving-endpoints/{name}/invocations', statusCode: 0 });
    expect(outer.attributes).toEqual({
      'http.request.method': 'POST',
      'http.route': '/serving-endpoints/{name}/invocations',
      'http.response.status_code': 200,
      'fairlead.request_id': 'r-1',
      'fairlead.endpoint': 'team-a/wine',
      'fairlead.served_entity': 'wine-1',
      'gen_ai.request.model': 'wine-1',
    });
    const sent = await spanOf('fairlead-gateway', isClient);
    const { host, port } = pod.sidecar.data;
    expect(sent).toMatchObject({ name: 'forward', events: ['answer begins'] });
    expect(sent.attributes).toMatchObject({ 'server.address': host, 'server.port': port });
    const now = BigInt(Date.now()) * 1_000_000n;
    expect(now - outer.from).toBeLessThan(60_000_000_000n);
    expect(outer.to).toBeGreaterThanOrEqual(sent.to);
    expect(outer.from).toBeLessThanOrEqual(sent.from);
  });

  it('tells the tokens that it has used', async () => {
    await start({ spec: { aiGateway: { usageTracking: { enabled: true } } } });
    pod.model.respond = (request, response) => {
      request.resume();
      const usage = { prompt_tokens: 3, completion_tokens: 4 };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ usage }));
    };
    await t.send(traced);
    expect((await spanOf('fairlead-gateway', isServer)).attributes).toMatchObject({
      'gen_ai.usage.input_tokens': 3,
      'gen_ai.usage.output_tokens': 4,
      'fairlead.usage.estimated': false,
    });
  });

  it('begins its trace at the gateway where its caller has none', async () => {
    await start();
    await t.send();
    const outer = await spanOf('fairlead-gateway', isServer);
    const inner = await spanOf('fairlead-sidecar', isServer);
    expect([outer.parentSpanId, outer.traceId.length]).toEqual(['', 32]);
    expect(inner.traceId).toBe(outer.traceId);
  });

  it.each([
    ['what is no parent', 'nonsense'],
    ['two parents', [sampled, sampled]],
  ])('begins anew where its caller tells %s, whose state is not passed on', async (_name, traceparent) => {
    await start();
    await t.send({ headers: { ...aliceHeaders, traceparent, tracestate: 'vendor=1' } });
    expect((await spanOf('fairlead-gateway', isServer)).traceId).not.toBe(traceId);
    expect(pod.model.seen[0]?.headers).not.toHaveProperty('tracestate');
  });

  it('is an error where the server has failed, and none where the caller has', async () => {
    await start();
    pod.model.respond = (_request, response) => response.writeHead(500).end();
    await t.send(traced);
    expect(await spanOf('fairlead-gateway', isServer)).toMatchObject({
      statusCode: 2,
      attributes: { 'http.response.status_code': 500, 'error.type': '500' },
    });
    collector.spans.length = 0;
    await t.send({ headers: { traceparent: sampled } });
    expect(await spanOf('fairlead-gateway', isServer)).toMatchObject({
      statusCode: 0,
      attributes: { 'http.response.status_code': 401, 'fairlead.dropped_reason': 'no_token' },
    });
  });

  it('shows where the time went when it had to wait for a cold start', async () => {
    await start({ atZero: true });
    t.cluster.onScaled = () =>
      setTimeout(() => t.cluster.setPods('team-a', deployment, [{ ...pod.sidecar.data, ready: false }]), 100);
    expect((await t.send(traced)).status).toBe(200);
    const wait = await spanOf('fairlead-gateway', named('queue'));
    const schedule = await spanOf('fairlead-gateway', named('cold start: schedule'));
    expect(schedule.parentSpanId).toBe(wait.spanId);
    expect(schedule.to - schedule.from).toBeGreaterThan(99_000_000n);
    expect(schedule.from).toBeGreaterThanOrEqual(wait.from);
    expect(schedule.to).toBeLessThanOrEqual(wait.to);
  });

  it('shows no secret that its caller has put where an id belongs', async () => {
    await start();
    await t.send({ headers: { ...traced.headers, 'x-request-id': 'sk-abcdefghijklmnop' } });
    const outer = await spanOf('fairlead-gateway', isServer);
    expect(outer.attributes['fairlead.request_id']).toMatch(/^sha256:/);
  });
});

describe('a request that is not traced', () => {
  it.each<[string, Start, string]>([
    ['because its caller has decided so', { ratio: 1 }, `00-${traceId}-${callerSpan}-00`],
    ['because there is no collector', { tracing: undefined }, sampled],
  ])('%s is passed on with its context as it is', async (_name, given, traceparent) => {
    await start(given);
    await t.send({ headers: { ...aliceHeaders, traceparent, tracestate: 'vendor=1' } });
    expect(pod.model.seen[0]?.headers).toMatchObject({ traceparent, tracestate: 'vendor=1' });
    await t.stop();
    expect(collector.spans).toEqual([]);
  });

  it('because it is in no sample has no context anywhere', async () => {
    await start({ ratio: 0 });
    await t.send();
    expect(pod.model.seen[0]?.headers).not.toHaveProperty('traceparent');
    await t.stop();
    expect(collector.spans).toEqual([]);
  });

  it('at the gateway is not at the sidecar', async () => {
    const tracing = { endpoint: collector.url, ratio: 0 };
    await start({ tracing });
    pod.config.set({ ...pod.config.current, tracing: { ...tracing, ratio: 1 } });
    await t.send();
    await t.stop();
    await pod.stop();
    expect(collector.spans).toEqual([]);
  });
});

describe('a collector', () => {
  it('that is gone holds up no request, and the spans are counted', async () => {
    await start();
    collector.status = 400;
    expect((await t.send(traced)).status).toBe(200);
    while ((await t.metric('fairlead_trace_spans_total{result="failed"}')) === 0) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect((await t.send(traced)).status).toBe(200);
  });

  it('may be told to a sidecar while it runs, and taken away again', async () => {
    await start({ tracing: undefined });
    const direct = { headers: { ...traced.headers } };
    pod.config.set({ ...pod.config.current, tracing: { endpoint: `${collector.url}/v1/traces`, ratio: 0 } });
    await until(() => {
      void pod.send(direct);
      return collector.spans.length > 0;
    });
    expect(collector.spans[0]?.service).toBe('fairlead-sidecar');
    pod.config.set({ ...pod.config.current, tracing: undefined });
    expect((await pod.send(direct)).status).toBe(200);
  });
});
