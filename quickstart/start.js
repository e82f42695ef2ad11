// Owns what has to run on any Node: refusing one that is too old, before it meets the first line of TypeScript.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major > 22 || (major === 22 && minor >= 19)) {
  await import('./main.ts');
} else {
  process.stderr.write(
    `fairlead: this is Node ${process.versions.node}; Fairlead needs Node 22.19 or newer.\n` +
      'npm ci installs one beside the project on Linux (x64, arm64) and macOS, and npm start uses it.\n' +
      `Remedy: run "npm ci" and then "npm start"; if there is none for ${process.platform}-${process.arch}, install Node 22.19 or newer yourself.\n`,
  );
  process.exitCode = 1;
}
