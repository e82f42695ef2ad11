import { describe, expect, it } from 'vitest';
import { anExchange } from '../../testing/exchange-fixture.ts';
import { takesPings } from './ping.ts';

describe('signs of life go to', () => {
  it.each<[string, string[], boolean]>([
    ['who accepts events', ['Accept', 'text/event-stream'], true],
    ['who accepts events among others', ['accept', 'application/json, Text/Event-Stream;q=0.9'], true],
    ['nobody who accepts anything', ['accept', '*/*'], false],
    ['nobody who accepts JSON', ['accept', 'application/json'], false],
    ['nobody who accepts what is only named alike', ['accept', 'text/event-streams'], false],
    ['nobody who does not say', [], false],
    [
      "nobody with MLflow's client, which cannot read comments",
      ['accept', 'text/event-stream', 'X-Databricks-Endpoints-API-Client', 'Databricks Deployment Client'],
      false,
    ],
  ])('%s', (_name, headers, takes) => {
    expect(takesPings(anExchange('a', 1, headers))).toBe(takes);
  });

  it('nobody whose request is not here as a whole', () => {
    const exchange = anExchange('a', 1, ['accept', 'text/event-stream']);
    exchange.body = undefined;
    expect(takesPings(exchange)).toBe(false);
  });

  it.each(['asksForTunnel', 'isGrpc'] as const)('nobody who speaks another protocol (%s)', (protocol) => {
    const exchange = anExchange('a', 1, ['accept', 'text/event-stream']);
    exchange[protocol] = true;
    expect(takesPings(exchange)).toBe(false);
  });
});
