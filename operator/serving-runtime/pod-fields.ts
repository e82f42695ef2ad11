/** Owns what a merge has to know of the fields of a pod: which lists are merged by a key, which fields exclude one another. */

/** Lists of a pod template whose entries are merged, with the key that tells entries apart (Kubernetes API reference). */
export const mergeKeys: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  ephemeralContainers: ['name'],
  volumes: ['name'],
  env: ['name'],
  imagePullSecrets: ['name'],
  resourceClaims: ['name'],
  claims: ['name'],
  schedulingGates: ['name'],
  evictionResponders: ['name'],
  volumeMounts: ['mountPath'],
  volumeDevices: ['devicePath'],
  ports: ['containerPort', 'protocol'],
  hostAliases: ['ip'],
  topologySpreadConstraints: ['topologyKey', 'whenUnsatisfiable'],
};

const handlers = ['exec', 'grpc', 'httpGet', 'sleep', 'tcpSocket'];

const alternatives: Readonly<Record<string, readonly string[]>> = {
  env: ['value', 'valueFrom'],
  valueFrom: ['configMapKeyRef', 'fieldRef', 'fileKeyRef', 'resourceFieldRef', 'secretKeyRef'],
  resourceClaims: ['resourceClaimName', 'resourceClaimTemplateName'],
  startupProbe: handlers,
  livenessProbe: handlers,
  readinessProbe: handlers,
  preStop: handlers,
  postStart: handlers,
};

/** Returns those of `names` of which an object in `field` has one at most. A volume has a name and one source. */
export function alternativesOf(field: string, names: readonly string[]): readonly string[] {
  if (field === 'volumes') return names.filter((name) => name !== 'name' && !name.startsWith('$'));
  return alternatives[field] ?? [];
}
