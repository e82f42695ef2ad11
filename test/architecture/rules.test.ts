/** Owns the tests of the architecture rules: each must see the fault that it is there for. */
import { describe, expect, it } from 'vitest';
import type { Rule } from './rules.ts';
import {
  clientNodeIsLoadedInOnePlace,
  coreIsPure,
  filesAreShort,
  filesImportInNoCircle,
  filesSayWhatTheyOwn,
  namesSayWhatIsInside,
  nobodyImportsAProcess,
  productionLeavesTestsAlone,
  proxiesStayLight,
  roomsImportInOneDirection,
  stagesImportNoProcess,
} from './rules.ts';
import { parseSource } from './source-file.ts';

interface Row {
  readonly sentence: string;
  readonly rule: Rule;
  readonly files: Readonly<Record<string, string>>;
  /** What the one violation begins with; absent where the rule is kept. */
  readonly violation?: string;
}

const rows: Row[] = [
  {
    sentence: 'the operator may not import the proxy',
    rule: roomsImportInOneDirection,
    files: { 'operator/a.ts': "import { x } from '../proxy/b.ts';" },
    violation: 'operator/a.ts: imports proxy/b.ts',
  },
  {
    sentence: 'not even its types',
    rule: roomsImportInOneDirection,
    files: { 'operator/a.ts': "type X = import('../proxy/b.ts').X;" },
    violation: 'operator/a.ts: imports proxy/b.ts',
  },
  {
    sentence: 'the schema imports no other room',
    rule: roomsImportInOneDirection,
    files: { 'crds/schema/a.ts': "export { x } from '../../platform/b.ts';" },
    violation: 'crds/schema/a.ts: imports platform/b.ts',
  },
  {
    sentence: 'core imports no code generation',
    rule: roomsImportInOneDirection,
    files: { 'core/a.ts': "import { x } from '../crds/codegen/b.ts';" },
    violation: 'core/a.ts: imports crds/codegen/b.ts',
  },
  {
    sentence: 'the operator may import core, kube, platform and the schema',
    rule: roomsImportInOneDirection,
    files: {
      'operator/a.ts':
        "import '../core/b.ts'; import '../kube/b.ts'; import '../platform/b.ts'; import '../crds/schema/b.ts';",
    },
  },
  {
    sentence: 'a test may import across rooms',
    rule: roomsImportInOneDirection,
    files: { 'operator/a.test.ts': "import { x } from '../proxy/b.ts';" },
  },
  {
    sentence: 'a stage does not import the gateway, not even its types',
    rule: stagesImportNoProcess,
    files: { 'proxy/stages/hold/a.ts': "import type { X } from '../../gateway/b.ts';" },
    violation: 'proxy/stages/hold/a.ts: imports proxy/gateway/b.ts, which belongs to the gateway',
  },
  {
    sentence: 'the gateway does not import the sidecar',
    rule: stagesImportNoProcess,
    files: { 'proxy/gateway/a.ts': "import { x } from '../sidecar/b.ts';" },
    violation: 'proxy/gateway/a.ts: imports proxy/sidecar/b.ts, which belongs to the sidecar',
  },
  {
    sentence: 'the gateway imports itself, and stages',
    rule: stagesImportNoProcess,
    files: { 'proxy/gateway/a.ts': "import './b.ts'; import '../stages/hold/c.ts';" },
  },
  {
    sentence: 'files do not import in a circle, of types neither',
    rule: filesImportInNoCircle,
    files: {
      'core/a.ts': "import { b } from './b.ts';",
      'core/b.ts': "import { c } from './c.ts';",
      'core/c.ts': "import type { B } from './b.ts';",
    },
    violation: 'core/b.ts -> core/c.ts -> core/b.ts: import one another',
  },
  {
    sentence: 'two files may import the same third',
    rule: filesImportInNoCircle,
    files: {
      'core/a.ts': "import './b.ts'; import './c.ts';",
      'core/b.ts': "import './c.ts';",
      'core/c.ts': '',
    },
  },
  {
    sentence: 'a process is not imported, even on demand',
    rule: nobodyImportsAProcess,
    files: { 'test/a.ts': "await import('../operator/main.ts');" },
    violation: 'test/a.ts: imports the process operator/main.ts',
  },
  {
    sentence: 'the image switches between processes',
    rule: nobodyImportsAProcess,
    files: { 'image/fairlead.ts': "await import('../operator/main.ts');" },
  },
  {
    sentence: 'production code does not import fixtures',
    rule: productionLeavesTestsAlone,
    files: { 'kube/a.ts': "import { x } from './server-fixture.ts';" },
    violation: 'kube/a.ts: imports kube/server-fixture.ts',
  },
  {
    sentence: 'the commands that run tests do',
    rule: productionLeavesTestsAlone,
    files: { 'tools/e2e.ts': "import { x } from '../e2e/harness/prepare.ts';" },
  },
  {
    sentence: 'client-node is for kubeconfigs only',
    rule: clientNodeIsLoadedInOnePlace,
    files: { 'kube/a.ts': "import { KubeConfig } from '@kubernetes/client-node';" },
    violation: 'kube/a.ts: loads @kubernetes/client-node',
  },
  {
    sentence: 'its types are for everybody',
    rule: clientNodeIsLoadedInOnePlace,
    files: { 'kube/a.ts': "import type { V1Pod } from '@kubernetes/client-node';" },
  },
  {
    sentence: 'a proxy does not load x509 through another file',
    rule: proxiesStayLight,
    files: {
      'proxy/a.ts': "import { x } from '../platform/b.ts';",
      'platform/b.ts': "export { X509Certificate as x } from '@peculiar/x509';",
    },
    violation: 'proxy/a.ts -> platform/b.ts -> @peculiar/x509: too heavy',
  },
  {
    sentence: 'a proxy may load on demand, and import types',
    rule: proxiesStayLight,
    files: {
      'proxy/a.ts': "import type { V1Pod } from '@kubernetes/client-node'; await import('../kube/b.ts');",
      'kube/b.ts': "import { KubeConfig } from '@kubernetes/client-node';",
    },
  },
  {
    sentence: 'core does not look at the clock',
    rule: coreIsPure,
    files: { 'core/a.ts': 'export const now = () => Date.now();' },
    violation: 'core/a.ts: uses Date.now',
  },
  {
    sentence: 'core does not read files',
    rule: coreIsPure,
    files: { 'core/a.ts': "import { readFileSync } from 'node:fs';" },
    violation: 'core/a.ts: uses node:fs',
  },
  { sentence: 'core may hash', rule: coreIsPure, files: { 'core/a.ts': "import 'node:crypto';" } },
  {
    sentence: 'a file of 301 lines is too long',
    rule: filesAreShort,
    files: { 'core/a.ts': '/** Owns a. */\n'.concat('a();\n'.repeat(300)) },
    violation: 'core/a.ts: has 301 lines of at most 300',
  },
  {
    sentence: 'unless its header says why',
    rule: filesAreShort,
    files: { 'core/a.ts': '/** Owns a; one table, so it is longer. */\n'.concat('a();\n'.repeat(300)) },
  },
  {
    sentence: 'a file says what it owns before anything else',
    rule: filesSayWhatTheyOwn,
    files: { 'core/a.ts': "import './b.ts';\n/** Owns a. */" },
    violation: 'core/a.ts: does not begin with "/** Owns …"',
  },
  {
    sentence: 'in one line or several',
    rule: filesSayWhatTheyOwn,
    files: {
      'core/a.ts': '/** Owns a. */\n',
      'core/b.ts': '/**\n * Owns b.\n */\n',
      'c.config.ts': '// Owns c.\n',
    },
  },
  {
    sentence: 'a unit test is named after its file, a test of its own kind is not',
    rule: filesSayWhatTheyOwn,
    files: { 'core/a.ts': '/** Owns a. */\n', 'core/a.test.ts': '', 'core/b.test.ts': '' },
    violation: 'core/b.test.ts: does not begin with',
  },
  {
    sentence: 'no file is called utils',
    rule: namesSayWhatIsInside,
    files: { 'core/utils.ts': '' },
    violation: 'core/utils.ts: "utils" could hold anything',
  },
  {
    sentence: 'no folder is called common, in tests neither',
    rule: namesSayWhatIsInside,
    files: { 'test/common/a.test.ts': '' },
    violation: 'test/common/a.test.ts: "common" could hold anything',
  },
  {
    sentence: 'names are in kebab-case',
    rule: namesSayWhatIsInside,
    files: { 'core/weightedSplit.ts': '' },
    violation: 'core/weightedSplit.ts: is not in kebab-case',
  },
];

describe('the architecture rules', () => {
  it.each(rows)('$sentence', ({ rule, files, violation }) => {
    const violations = rule(Object.entries(files).map(([path, text]) => parseSource(path, text)));

    expect(violations).toEqual(violation === undefined ? [] : [expect.stringContaining(violation)]);
  });
});
