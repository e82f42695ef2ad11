/** Owns the list of generated files: what each holds and where in the repository it stands. */
import { apiGroup } from '../schema/api.ts';
import { reasonGroups } from '../schema/reason-texts.ts';
import { makeConditionsReference } from './conditions-reference.ts';
import { makeCustomResourceDefinition } from './crd.ts';
import { makeReference } from './reference.ts';
import { resources } from './resources.ts';
import { toYaml } from './yaml.ts';

/** Returns the content of every generated file by its path from the root of the repository. */
export function makeGeneratedFiles(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const resource of resources) {
    const crd = makeCustomResourceDefinition(resource);
    files.set(`crds/${apiGroup}_${resource.plural}.yaml`, toYaml(crd));
    files.set(`docs/reference/${resource.kind.toLowerCase()}.md`, makeReference(crd));
  }
  files.set('docs/reference/conditions.md', makeConditionsReference(reasonGroups));
  return files;
}
