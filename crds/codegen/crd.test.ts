/** Owns the tests of the CRDs as wholes: what kubectl shows, what is bounded and described, what generation refuses. */
import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { JsonSchema } from '../json-schema.ts';
import { childrenOf } from '../json-schema.ts';
import type { CustomResourceDefinition } from './crd.ts';
import { makeCustomResourceDefinition } from './crd.ts';
import { makeGeneratedFiles } from './generated-files.ts';
import { resources } from './resources.ts';

const crds = resources.map(makeCustomResourceDefinition);

function rootOf(crd: CustomResourceDefinition): JsonSchema {
  return crd.spec.versions[0]!.schema.openAPIV3Schema;
}

function nodesOf(node: JsonSchema, path = ''): (readonly [string, JsonSchema])[] {
  return [[path, node], ...childrenOf(node, path).flatMap(([at, child]) => nodesOf(child, at))];
}

describe.each(crds)('the CRD of $spec.names.kind', (crd) => {
  const nodes = nodesOf(rootOf(crd));

  it('is called by group and plural, and has a status subresource', () => {
    expect(crd.metadata.name).toBe(`${crd.spec.names.plural}.serving.fairlead.dev`);
    expect(crd.spec.versions).toMatchObject([
      { name: 'v1alpha1', served: true, storage: true, subresources: { status: {} } },
    ]);
  });

  it('has a status from the start that says that nobody has looked yet, so that no tool takes it for finished', () => {
    expect(rootOf(crd).properties?.['status']).toMatchObject({ default: { observedGeneration: -1 } });
  });

  it('describes every field', () => {
    const silent = nodes.filter(([path, node]) => node.description === undefined && !/^$|\]$/.test(path));
    expect(silent.map(([path]) => path)).toEqual(['metadata']);
  });

  // The cost of a CEL rule is estimated from the greatest value that the schema allows.
  it('bounds every list, map and string of the spec', () => {
    const unbounded = nodes.filter(([path, node]) => path.startsWith('spec') && !isBounded(node));
    expect(unbounded.map(([path]) => path)).toEqual([]);
  });

  it('leaves apiVersion, kind and metadata to the API server', () => {
    const { properties, required } = rootOf(crd);
    expect(properties).toMatchObject({
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
    });
    expect(properties?.['metadata']).toEqual({ type: 'object' });
    expect(required).toEqual(['metadata', 'spec']);
  });

  it('has messages that begin like a sentence and do not end like one', () => {
    const messages = nodes.flatMap(([, node]) => node['x-kubernetes-validations'] ?? []);
    for (const { message } of messages) expect(message).toMatch(/^[A-Za-z].+[^.]$/);
  });
});

function isBounded(node: JsonSchema): boolean {
  if (node.type === 'array') return node.maxItems !== undefined;
  if (typeof node.additionalProperties === 'object') return node.maxProperties !== undefined;
  if (node.type !== 'string') return true;
  return node.maxLength !== undefined || node.enum !== undefined || node.format !== undefined;
}

describe('the CRD of ServingEndpoint', () => {
  const [crd] = crds;

  it('is what people type', () => {
    expect(crd?.spec.scope).toBe('Namespaced');
    expect(crd?.spec.names).toEqual({
      kind: 'ServingEndpoint',
      listKind: 'ServingEndpointList',
      plural: 'servingendpoints',
      singular: 'servingendpoint',
      shortNames: ['sep'],
      categories: ['fairlead', 'serving'],
    });
  });

  it('prints readiness, config, version, URL and age', () => {
    const columns = crd?.spec.versions[0]?.additionalPrinterColumns ?? [];
    const always = columns.filter(({ priority = 0 }) => priority === 0);
    expect(always.map(({ name }) => name)).toEqual(['Ready', 'Update', 'Version', 'URL', 'Age']);
  });
});

describe('the generated files', () => {
  it('hold the CRDs as YAML that reads back as the same objects', () => {
    const files = makeGeneratedFiles();
    for (const crd of crds) {
      const yaml = files.get(`crds/serving.fairlead.dev_${crd.spec.names.plural}.yaml`);
      expect(load(yaml ?? '')).toEqual(crd);
    }
  });

  it('are committed as they are generated', () => {
    for (const [path, content] of makeGeneratedFiles()) {
      const committed = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
      expect(committed, `${path} is out of date: run \`npm run generate\``).toBe(content);
    }
  });
});

describe('makeCustomResourceDefinition', () => {
  const [endpoint] = resources;
  const definitionOf = (schema: z.ZodType) => ({ ...endpoint!, kind: 'Thing', schema });

  it('names the kind and the field that cannot be exported', () => {
    const schema = z.strictObject({ spec: z.string().transform(Number) });

    expect(() => makeCustomResourceDefinition(definitionOf(schema))).toThrow('Thing spec: a transform');
  });
});
