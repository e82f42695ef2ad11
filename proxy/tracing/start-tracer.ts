/** Owns how a proxy begins to trace, and goes over to other settings while it runs. */
import type { TracingSettings } from '../../core/tracing/tracing-settings.ts';
import type { Clock } from '../../platform/clock.ts';
import { messageOf } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logging.ts';
import type { Registry } from '../../platform/metrics.ts';
import { Tracer } from './tracer.ts';
import type { TracerOptions } from './tracer.ts';

export interface TracingOptions extends Pick<TracerOptions, 'route' | 'phasesOf'> {
  readonly service: string;
  /** Name of the pod. */
  readonly instance: string;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly log: Logger;
}

/** Traces, or not, as the newest settings say. */
export class Tracing {
  readonly #options: TracingOptions;
  #settings: TracingSettings | undefined;
  #current: Tracer | undefined;

  constructor(options: TracingOptions) {
    this.#options = options;
  }

  /** Undefined while nothing is traced. */
  get current(): Tracer | undefined {
    return this.#current;
  }

  /** Takes over settings; what was traced before by others is still sent. */
  async use(settings: TracingSettings | undefined): Promise<void> {
    if (settings?.endpoint === this.#settings?.endpoint && settings?.ratio === this.#settings?.ratio) return;
    this.#settings = settings;
    const before = this.#current;
    this.#current = undefined;
    const next = settings === undefined ? undefined : await this.#start(settings);
    // Newer ones may have come while the libraries were loaded.
    if (this.#settings === settings) this.#current = next;
    else await next?.stop();
    await before?.stop();
  }

  /** As `use`, for whoever does not wait: it fails into the log. */
  follow(settings: TracingSettings | undefined): void {
    this.use(settings).catch((error: unknown) => {
      this.#options.log.error({ cause: messageOf(error) }, 'tracing could not be changed');
    });
  }

  async stop(): Promise<void> {
    await this.use(undefined);
  }

  async #start(settings: TracingSettings): Promise<Tracer> {
    const { startOtlpExport } = await import('./otlp-export.ts');
    const { clock, route, phasesOf } = this.#options;
    return new Tracer({
      ratio: settings.ratio,
      route,
      ...(phasesOf === undefined ? {} : { phasesOf }),
      exporter: startOtlpExport({ ...this.#options, endpoint: settings.endpoint }),
      now: () => clock.monotonic(),
      random: Math.random,
    });
  }
}
