import { expect, it } from 'vitest';
import { aDeployment } from '../../test/support/a-deployment.ts';
import { AnsweringSince } from './answering.ts';

const ready = aDeployment('d').withReplicas(1).withReady(1).build();
const loading = aDeployment('d').withReplicas(1).withReady(0).build();
const routed = (): boolean => true;
const unrouted = (): boolean => false;

it('counts from when a Deployment is both ready and routed to', () => {
  const answering = new AnsweringSince();
  answering.note([loading], routed, 1);
  expect(answering.of(loading)).toBeUndefined();
  answering.note([ready], routed, 2);
  answering.note([ready], routed, 3);
  expect(answering.of(ready)).toBe(2);
});

it('does not count the time that a new config version waited for its traffic', () => {
  const answering = new AnsweringSince();
  answering.note([ready], unrouted, 1);
  expect(answering.of(ready)).toBeUndefined();
  answering.note([ready], routed, 9);
  expect(answering.of(ready)).toBe(9);
});

it.each<[string, () => Parameters<AnsweringSince['note']>]>([
  ['loses its pods', () => [[loading], routed, 2]],
  ['loses its traffic', () => [[ready], unrouted, 2]],
  ['is deleted', () => [[], routed, 2]],
])('starts anew when a Deployment %s', (_name, change) => {
  const answering = new AnsweringSince();
  answering.note([ready], routed, 1);
  answering.note(...change());
  answering.note([ready], routed, 3);
  expect(answering.of(ready)).toBe(3);
});

it('begins with what the cluster has on record, when a process begins to look, and not later', () => {
  const answering = new AnsweringSince();
  const other = aDeployment('other').withReplicas(1).withReady(1).build();
  answering.note([ready], routed, 100, () => 30);
  expect(answering.of(ready)).toBe(30);
  answering.note([ready, other], routed, 101, () => 30);
  expect(answering.of(other)).toBe(101);
});

it('never counts from a time that is yet to come, which a clock that is wrong may tell', () => {
  const answering = new AnsweringSince();
  answering.note([ready], routed, 100, () => 130);
  expect(answering.of(ready)).toBe(100);
});
