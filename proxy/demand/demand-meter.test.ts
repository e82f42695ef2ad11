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
    expect(meter.read().entry).toMatchObject({
      inFlight: 2,
      queued: 2,
      finished: 0,
      averageConcurrency: 3.5,
    });
  });

  it('counts a burst that came and went between two reports', () => {
    const { meter, time } = meterAt();
    meter.change(4, 0);
    time.now = 100;
    meter.change(-4, 0);
    for (let count = 0; count < 4; count += 1) meter.countFinished();
    time.now = 1_000;
    expect(meter.read().entry).toMatchObject({
      inFlight: 0,
      queued: 0,
      finished: 4,
      averageConcurrency: 0.4,
    });
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

  it('tells a new listener what was before, as far back as a minute', () => {
    const { meter, time } = meterAt();
    const hear = (seconds: number): void => {
      for (let passed = 0; passed < seconds; passed += 1) {
        time.now += 1_000;
        meter.confirm(meter.read());
      }
    };
    hear(30);
    meter.change(3, 0);
    hear(40);
    expect(meter.read().entry).not.toHaveProperty('history');
    expect(meter.read(true).entry.history).toEqual([
      { averageConcurrency: 0, durationMs: 20_000 },
      { averageConcurrency: 3, durationMs: 40_000 },
    ]);
  });

  it('tells for how long there has been no demand', () => {
    const { meter, time } = meterAt();
    time.now = 5_000;
    expect(meter.read().entry.idleMs).toBe(5_000);
    meter.change(1, 0);
    time.now = 9_000;
    expect(meter.read().entry.idleMs).toBe(0);
    meter.change(-1, 0);
    time.now = 12_000;
    expect(meter.read().entry.idleMs).toBe(3_000);
    meter.countFinished();
    expect(meter.read().entry.idleMs).toBe(0);
  });
});
