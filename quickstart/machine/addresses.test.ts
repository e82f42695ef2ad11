/** Owns the tests of the address checks, on real sockets. */
import { createServer } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { closeGracefully, listen } from '../../platform/listener.ts';
import { checkLoopback, checkPort } from './addresses.ts';

const server = createServer();
afterEach(() => closeGracefully(server, 0));

it('refuses a port that somebody listens on and names the remedy', async () => {
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
  await expect(checkPort(port)).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    message: expect.stringContaining('FAIRLEAD_PORT=8081 npm start') as string,
  });
});

it.each([8081, 18_081])('does not suggest the port %i that is in use', async (port) => {
  // Where somebody else listens there already, so much the better.
  await listen(server, { host: '127.0.0.1', port }).catch(() => undefined);
  await expect(checkPort(port)).rejects.toMatchObject({
    message: expect.stringContaining('FAIRLEAD_PORT=8082 npm start') as string,
  });
});

it('leaves a free port free', async () => {
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
  await closeGracefully(server, 0);
  await checkPort(port);
  await expect(checkPort(port)).resolves.toBeUndefined();
});

it('names the remedy where an address is not this machine’s', async () => {
  // TEST-NET-1 belongs to no machine.
  await expect(checkLoopback('192.0.2.1')).rejects.toMatchObject({ code: 'LOOPBACK_UNAVAILABLE' });
});
