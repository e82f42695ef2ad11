/** Owns what the chart is rendered to in this repository: `config/`, and the goldens that show what a change changes. */
import { makeInstallManifests } from './install-manifests.ts';

export interface Rendering {
  /** Of helm, in the root of the repository. */
  readonly args: readonly string[];
  /** Content by path from the root of the repository. */
  readonly makeFiles: (rendered: string) => ReadonlyMap<string, string>;
}

const template = ['template', 'fairlead', 'charts/fairlead', '--namespace', 'fairlead-system'];

/** The CRDs have goldens of their own: the files in `crds/`. */
const makeGolden = (name: string): Rendering => ({
  args: [...template, '--set', 'crds.install=false', '--values', `charts/fairlead/ci/${name}-values.yaml`],
  makeFiles: (rendered) => new Map([[`charts/fairlead/goldens/${name}.yaml`, rendered]]),
});

export const renderings: readonly Rendering[] = [
  {
    args: [
      ...template,
      ...['--set', 'namespace.create=true', '--set', 'crds.install=false'],
      ...['--set', 'image.tag=dev', '--set', 'mlflowImage.tag=dev'],
    ],
    makeFiles: makeInstallManifests,
  },
  ...['default', 'everything', 'minimal'].map(makeGolden),
];
