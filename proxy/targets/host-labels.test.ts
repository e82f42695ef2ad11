import { expect, it } from 'vitest';
import { HostLabels } from './host-labels.ts';

it('a label stands for the public name that it is in lower case, in its namespace', () => {
  const labels = new HostLabels();
  labels.add('team-a', 'Wine_Prod');
  expect(labels.find('team-a', 'wine_prod')).toBe('Wine_Prod');
  expect(labels.find('team-b', 'wine_prod')).toBe('wine_prod');
  labels.remove('team-a', 'Wine_Prod');
  expect(labels.find('team-a', 'wine_prod')).toBe('wine_prod');
});

it('of several that differ in capitals alone, the label itself is meant, else always the same one', () => {
  const labels = new HostLabels();
  labels.add('team-a', 'wine');
  labels.add('team-a', 'Wine');
  labels.add('team-a', 'WINE');
  expect(labels.find('team-a', 'wine')).toBe('wine');
  labels.remove('team-a', 'wine');
  expect(labels.find('team-a', 'wine')).toBe('WINE');
});
