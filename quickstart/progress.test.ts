/** Owns the tests of what a person sees. */
import { expect, it } from 'vitest';
import { Progress } from './progress.ts';

function recorded(isTTY: boolean): { progress: Progress; text: () => string } {
  let text = '';
  const progress = new Progress({ isTTY, write: (chunk) => void (text += chunk) });
  return { progress, text: () => text.replaceAll(/\d+\.\d s/g, '0.0 s') };
}

it('writes one line per step into a log file, and each note once', async () => {
  const { progress, text } = recorded(false);
  await progress.step('Endpoint iris', (note) => {
    note('fetching the model');
    note('fetching the model');
    note('loading the model');
  });
  expect(text()).toBe(
    '    fetching the model\n    loading the model\n✓ Endpoint iris                                   0.0 s\n',
  );
});

it('redraws one line on a terminal', async () => {
  const { progress, text } = recorded(true);
  await progress.step('Endpoint iris', (note) => note('loading the model'));
  expect(text().split('\r\u001b[K')).toEqual([
    '',
    '  Endpoint iris …',
    '  Endpoint iris: loading the model …',
    '✓ Endpoint iris                                   0.0 s\n',
  ]);
});

it('marks the step that failed and passes its error on', async () => {
  const { progress, text } = recorded(false);
  await expect(progress.step('Bundles', () => Promise.reject(new Error('syntax')))).rejects.toThrow('syntax');
  expect(text()).toMatch(/^✗ Bundles/);
});
