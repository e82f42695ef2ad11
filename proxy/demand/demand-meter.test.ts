import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DemandMeter } from './demand-meter.ts';

function meterAt(): { meter: DemandMeter; time: { now: number } } {
  const time = { now: 0 };
  return { meter: new DemandMeter(() => time.now), time };
}

describe('DemandMeter', () => {
  it('averages what was in flight and queued over the time since the last report', () => {
    const { meter, time } = meterAt();
    meter.change(2, 0);
    time.now = 250;
    meter.change(0, 2);
    time.now = 1_000;
    expect(meter.read().entry).toEqual({ inFlight: 2, queued: 2, finished: 0, averageConcurrency: 3.5 });
  });

  it('counts a burst that came and went between two reports', () => {
    const { meter, time } = meterAt();
    meter.change(4, 0);
    time.now = 100;
    meter.change(-4, 0);
    for (let count = 0; count < 4; count += 1) meter.countFinished();
    time.now = 1_000;
    expect(meter.read().entry).toEqual({ inFlight: 0, queued: 0, finished: 4, averageConcurrency: 0.4 });
  });

  it('begins anew after a report that got through, and goes on after one that did not', () => {
    const { meter, time } = meterAt();
    meter.countFinished();
    time.now = 1_000;
    meter.read();
    meter.countFinished();
    time.now = 2_000;
    const heard = meter.read();
    expect(heard.entry.finished).toBe(2);
    meter.countFinished();
    meter.confirm(heard);
    expect(meter.read().entry.finished).toBe(1);
  });

  it('says what there is now when no time has passed', () => {
    const { meter } = meterAt();
    meter.change(0, 1);
    expect(meter.read().entry.averageConcurrency).toBe(1);
  });

  it('reports everything exactly once, however reports get lost', () => {
    const step = fc.record({ finished: fc.nat(5), elapsed: fc.nat(1_000), heard: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        const { meter, time } = meterAt();
        let reported = 0;
        let done = 0;
        for (const { finished, elapsed, heard } of [...steps, { finished: 0, elapsed: 1, heard: true }]) {
          for (let count = 0; count < finished; count += 1) meter.countFinished();
          done += finished;
          time.now += elapsed;
          const reading = meter.read();
          if (!heard) continue;
          reported += reading.entry.finished;
          meter.confirm(reading);
        }
        expect(reported).toBe(done);
      }),
    );
  });
});
