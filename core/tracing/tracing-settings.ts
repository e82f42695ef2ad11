/** Owns what proxies are told about tracing: the gateway in its own configuration, sidecars in the file that the operator renders. */
import * as z from 'zod';

export const tracingSchema = z
  .strictObject({
    endpoint: z.url().describe('OTLP/HTTP endpoint of the collector that spans are sent to.'),
    ratio: z
      .number()
      .min(0)
      .max(1)
      .default(0.05)
      .describe('Share of the requests that are traced, of those whose callers have not decided on it.'),
  })
  .describe('Traces by OpenTelemetry; absent: none.');

export type TracingSettings = z.output<typeof tracingSchema>;
