// Owns what has to run on any Node (`node --import`): refusing one that is too old, before it meets TypeScript.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(
    `fairlead: this is Node ${process.versions.node}; Fairlead needs Node 22.19 or newer.\n` +
      'On Linux and macOS, npm ci installs one beside the project, and npm start and npm test use it.\n' +
      `Remedy: run "npm ci" first; if there is none for ${process.platform}-${process.arch}, install a newer Node yourself.\n`,
  );
  process.exit(1);
}
