/** Owns the tests of what is made of values.yaml, and of how rendered manifests become files. */
import { describe, expect, it } from 'vitest';
import { makeInstallManifests } from './install-manifests.ts';
import { makeReadme } from './make-readme.ts';
import { makeValuesSchema } from './make-values-schema.ts';
import { makeProcessConfigs } from './process-configs.ts';
import { readValues } from './read-values.ts';

const text = `# About the file.

image:
  # Name, of
  # two lines.
  repository: fairlead
  # When.
  # @schema {"enum": ["Always", "Never"]}
  pullPolicy: Always

# Fields of its own, without comments of their own.
resources:
  requests: { cpu: 1 }
# A list.
secrets: []
operator:
  # Settings.
  config: {}
`;

describe('values', () => {
  it('are read with the comments above them; a blank line ends a comment', () => {
    const [image, resources, secrets] = readValues(text);
    expect(image).toMatchObject({ path: 'image', description: '' });
    expect(image?.children).toMatchObject([
      { path: 'image.repository', description: 'Name, of two lines.', default: 'fairlead' },
      { path: 'image.pullPolicy', description: 'When.', constraints: { enum: ['Always', 'Never'] } },
    ]);
    expect(resources).toMatchObject({ default: { requests: { cpu: 1 } }, children: [] });
    expect(secrets).toMatchObject({ description: 'A list.', default: [] });
  });

  it.each([
    ['a value without a comment', 'a: 1\n', /a has no comment/],
    ['a constraint that is not JSON', '# A.\n# @schema {x\na: 1\n', /@schema above line 3/],
    ['a line that is neither comment nor value', '# A.\n"quoted key": 1\n', /line 2 is neither/],
  ])('refuse %s', (_name, values, message) => {
    expect(() => readValues(values)).toThrow(message);
  });

  const config = {
    path: 'operator.config',
    title: 'Operator configuration',
    schema: {
      type: 'object',
      properties: { workers: { type: 'integer', default: 4, description: 'How many.' } },
    },
  };

  it('become a schema that knows no other names, but for what is the user’s own', () => {
    const schema = makeValuesSchema(readValues(text), [config]);
    expect(schema).toMatchObject({
      additionalProperties: false,
      properties: {
        image: {
          additionalProperties: false,
          properties: { pullPolicy: { type: 'string', enum: ['Always', 'Never'], description: 'When.' } },
        },
        resources: { type: 'object' },
        secrets: { type: 'array' },
        operator: { properties: { config: { description: 'Settings.', properties: { workers: {} } } } },
      },
    });
    expect(JSON.stringify(schema)).not.toContain('"requests"');
  });

  it('become a page with a row for each, and one for each setting of a process', () => {
    const page = makeReadme(readValues(text), [config]);
    expect(page).toContain('| `image.pullPolicy` | `"Always"` | When. |');
    expect(page).toContain('| `workers` | `4` | How many. |');
  });
});

it('lets people set what a process can be told, but for what the chart itself says', () => {
  const [operator, gateway] = makeProcessConfigs();
  expect(operator?.schema).toMatchObject({
    additionalProperties: false,
    properties: { workers: {}, scaling: {} },
  });
  for (const name of ['podName', 'sidecarImage', 'metricsPort']) {
    expect(operator?.schema['properties']).not.toHaveProperty(name);
  }
  expect(gateway?.schema['properties']).toHaveProperty('drainMs');
  expect(gateway?.schema['properties']).not.toHaveProperty('tlsDir');
});

describe('rendered manifests', () => {
  const document = (template: string, body: string) =>
    `---\n# Source: fairlead/templates/${template}\n${body}\n`;

  it('become files by their folder, without what is true of a release only', () => {
    const labels = 'labels:\n    helm.sh/chart: fairlead-1\n    app.kubernetes.io/managed-by: Helm\n    a: b';
    const files = makeInstallManifests(
      document('gateway/service.yaml', 'kind: B') +
        document('operator/rbac.yaml', `kind: A\n  ${labels}`) +
        document('operator/service.yaml', 'kind: C'),
    );
    expect([...files.keys()]).toEqual(['config/10-operator.yaml', 'config/20-gateway.yaml']);
    expect(files.get('config/10-operator.yaml')).toMatch(
      /^# Generated .*\nkind: A\n {2}labels:\n {4}a: b\n---\nkind: C\n$/,
    );
  });

  it('are refused where no file is meant for them', () => {
    expect(() => makeInstallManifests(document('new/x.yaml', 'kind: A'))).toThrow(/"new\/x\.yaml"/);
  });
});
