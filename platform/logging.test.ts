import { describe, expect, it } from 'vitest';
import { makeLogger } from './logging.ts';

describe('makeLogger', () => {
  it('writes one JSON line with the process, the level by name, and secrets redacted', () => {
    const lines: string[] = [];
    const log = makeLogger({ process: 'gateway', level: 'info' }, { write: (line) => void lines.push(line) });
    log
      .child({ endpoint: 'iris' })
      .info({ token: 's3cret', headers: { authorization: 'Bearer s3cret' } }, 'asked');
    log.debug('too quiet to be written');
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('s3cret');
    expect(JSON.parse(lines[0]!)).toMatchObject({
      process: 'gateway',
      level: 'info',
      endpoint: 'iris',
      msg: 'asked',
    });
  });
});
