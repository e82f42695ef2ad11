import { describe, expect, it } from 'vitest';
import { withVersion } from './image-version.ts';

const digest = `sha256:${'0'.repeat(64)}`;

describe('withVersion', () => {
  it.each([
    ['adds a tag where there is none', 'vllm', 'v1', 'vllm:v1'],
    ['replaces a tag', 'vllm/vllm-openai:v0.1', 'v0.2', 'vllm/vllm-openai:v0.2'],
    ['leaves the port of a registry', 'localhost:5000/a/vllm', 'v1', 'localhost:5000/a/vllm:v1'],
    ['replaces a tag behind a port', 'r.example:5000/vllm:v0', 'v1', 'r.example:5000/vllm:v1'],
    ['replaces a digest by a tag', `ghcr.io/x/y@${digest}`, 'v1', 'ghcr.io/x/y:v1'],
    ['replaces tag and digest', `ghcr.io/x/y:v0@${digest}`, 'v1', 'ghcr.io/x/y:v1'],
    ['puts a digest in the place of a tag', 'ghcr.io/x/y:v0', digest, `ghcr.io/x/y@${digest}`],
  ])('%s', (_name, image, version, expected) => {
    expect(withVersion(image, version)).toBe(expected);
  });
});
