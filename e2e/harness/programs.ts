/** Owns which programs the journeys build: the control plane, and the clients that people use against it. */
import type { GoProgram } from './go-program.ts';

/** The release whose Go modules the `go.mod` files name. */
const kubernetes = {
  'k8s.io/component-base/version.gitVersion': 'v1.37.2',
  'k8s.io/component-base/version.gitMajor': '1',
  'k8s.io/component-base/version.gitMinor': '37',
};

export const controlPlaneProgram: GoProgram = {
  name: 'controlplane',
  folder: 'e2e/controlplane',
  tags: 'providerless',
  variables: kubernetes,
};

export const kubectlProgram: GoProgram = { name: 'kubectl', folder: 'e2e/kubectl', variables: kubernetes };

export const helmProgram: GoProgram = {
  name: 'helm',
  folder: 'e2e/helm',
  packagePath: 'helm.sh/helm/v4/cmd/helm',
  variables: { 'helm.sh/helm/v4/internal/version.version': 'v4.3.1' },
};

/** Tells how the tools of GitOps see an object. */
export const judgeProgram: GoProgram = { name: 'judge', folder: 'e2e/gitops/judge', variables: {} };
