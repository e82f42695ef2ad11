/** Owns what the gateway reports as demand: the requests that it holds, by Deployment. */
import type { DemandEntry } from '../../core/scaling/demand-report.ts';
import { DemandMeter } from '../demand/demand-meter.ts';
import type { DemandSource } from '../demand/demand-reporter.ts';
import type { DeploymentTarget } from '../targets/deployment-target.ts';

/** What was sent on is counted by the sidecar that has it, so nothing is counted twice. */
export class HeldDemand implements DemandSource {
  readonly #meters = new Map<DeploymentTarget, DemandMeter>();
  readonly #now: () => number;
  /** When the newest report was made that somebody has heard: the next one covers the time from there. */
  #heardAt: number;

  /** `now` gives monotonic milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
    this.#heardAt = now();
  }

  change(target: DeploymentTarget, by: number): void {
    let meter = this.#meters.get(target);
    if (meter === undefined) {
      meter = new DemandMeter(this.#now, this.#heardAt);
      this.#meters.set(target, meter);
    }
    meter.change(0, by);
  }

  read(withHistory = false): { entries: DemandEntry[]; confirm: () => void } {
    const at = this.#now();
    const readings = [...this.#meters].map(([target, meter]) => ({
      target,
      meter,
      reading: meter.read(withHistory),
    }));
    return {
      entries: readings.map(({ target, reading }) => ({
        namespace: target.namespace,
        endpoint: target.endpoint,
        deployment: target.deployment,
        ...reading.entry,
      })),
      confirm: () => {
        this.#heardAt = at;
        for (const { target, meter, reading } of readings) {
          meter.confirm(reading);
          // The report that somebody has heard said zero: there is nothing left to say.
          if (meter.queued === 0 && reading.entry.queued === 0) this.#meters.delete(target);
        }
      },
    };
  }
}
