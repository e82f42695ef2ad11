import { afterEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../platform/clock.ts';
import { aTarget } from '../testing/target-fixture.ts';
import type { DeploymentTarget } from './deployment-target.ts';
import type { PodWish } from './pod-choice.ts';
import type { Pod } from './pod.ts';

const anyPod: PodWish = { prefixHash: undefined, tried: undefined };
const targets: DeploymentTarget[] = [];
afterEach(() => targets.splice(0).forEach((target) => target.stop()));

/** A target with as many pods that are ready, and time to set. */
function start(count: number): { target: DeploymentTarget; pods: Pod[]; time: { now: number } } {
  const time = { now: 0 };
  const clock: Clock = { now: () => time.now, monotonic: () => time.now };
  const target = aTarget({ clock, outliers: { failures: 2, baseMs: 3_600_000, maxPercent: 50 } });
  target.setAddresses(addresses(count));
  targets.push(target);
  return { target, pods: [...target.pods()], time };
}

const addresses = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ host: `127.0.0.${index + 2}`, port: 1, ready: true }));

const picked = (target: DeploymentTarget, wish: PodWish = anyPod): Set<Pod | undefined> =>
  new Set(Array.from({ length: 100 }, () => target.pick(wish)));

/** Has the pod fail until it is out, while another one answers. */
function fail(target: DeploymentTarget, bad: Pod | undefined, good: Pod | undefined): void {
  if (bad === undefined || good === undefined) throw new Error('too few pods');
  target.noteBad(bad);
  target.noteGood(good);
  target.noteBad(bad);
}

describe('a pod', () => {
  it('that refused a connection is passed over for two seconds, and where there is no other nobody is sent', () => {
    const { target, pods, time } = start(2);
    for (const pod of pods) target.suspect(pod);
    expect([target.pick(anyPod), target.isAvailable]).toEqual([undefined, false]);
    time.now = 2_000;
    expect([picked(target), target.isAvailable]).toEqual([new Set(pods), true]);
  });

  it('that has failed a request does not get it again while there is another', () => {
    const { target, pods } = start(3);
    const [first, second, third] = pods;
    if (first === undefined || second === undefined) throw new Error('there are three');
    expect(picked(target, { ...anyPod, tried: [first, second] })).toEqual(new Set([third]));
    expect(target.hasOther([first, second])).toBe(true);
    expect(picked(target, { ...anyPod, tried: pods })).toEqual(new Set(pods));
    expect(target.hasOther(pods)).toBe(false);
  });

  it('gets the prompts that begin alike, until it has more than its share', () => {
    const { target } = start(3);
    const wish: PodWish = { prefixHash: 4_711, tried: undefined };
    const preferred = target.pick(wish);
    expect(picked(target, wish)).toEqual(new Set([preferred]));
    if (preferred !== undefined) preferred.inFlight = 10;
    const next = target.pick(wish);
    expect(next).not.toBe(preferred);
    expect(picked(target, wish)).toEqual(new Set([next]));
  });

  it('that fails while others answer is out of traffic, and its prompts go elsewhere', () => {
    const { target, pods } = start(3);
    fail(target, pods[0], pods[1]);
    expect(target.ejected).toBe(1);
    expect(picked(target)).toEqual(new Set(pods.slice(1)));
    for (let prefixHash = 0; prefixHash < 2 ** 32; prefixHash += 2 ** 27) {
      expect(target.pick({ prefixHash, tried: undefined })).not.toBe(pods[0]);
    }
  });

  it('that is out is better than none', () => {
    const { target, pods } = start(2);
    fail(target, pods[0], pods[1]);
    if (pods[1] !== undefined) target.suspect(pods[1]);
    expect(picked(target)).toEqual(new Set([pods[0]]));
  });

  it('that is out comes in again when too few are left without it', () => {
    const { target, pods } = start(4);
    fail(target, pods[0], pods[2]);
    fail(target, pods[1], pods[2]);
    expect(target.ejected).toBe(2);
    target.setAddresses(addresses(3));
    expect(target.ejected).toBe(1);
    expect(picked(target)).toEqual(new Set([pods[0], pods[2]]));
  });

  it('that is out and gone is forgotten', () => {
    const { target, pods } = start(2);
    fail(target, pods[1], pods[0]);
    target.setAddresses(addresses(1));
    expect(target.ejected).toBe(0);
  });
});
