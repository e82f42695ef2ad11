/** Owns the one entry point of the container image: the first argument is the role that the process plays. */
const roles: Readonly<Record<string, () => Promise<unknown>>> = {
  operator: () => import('../operator/main.ts'),
  gateway: () => import('../proxy/gateway/main.ts'),
  sidecar: () => import('../proxy/sidecar/main.ts'),
  api: () => import('../api/main.ts'),
};

const role = process.argv[2] ?? '';
const start = Object.hasOwn(roles, role) ? roles[role] : undefined;
if (start === undefined) {
  const given = role === '' ? 'no role was given' : `there is no role "${role}"`;
  process.stderr.write(
    `fairlead: ${given}; the first argument is one of: ${Object.keys(roles).join(', ')}\n`,
  );
  process.exitCode = 2;
} else {
  await start();
}
