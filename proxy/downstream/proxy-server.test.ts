import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeLogger } from '../../platform/logging.ts';
import { Exchange } from '../exchange.ts';
import type { Stage } from '../exchange.ts';
import { startProxyServer } from './proxy-server.ts';
import type { ProxyServer } from './proxy-server.ts';
import { makePipeline } from '../pipeline.ts';
import { send, until } from '../testing/http-client-fixture.ts';

const pass = (name: string): Stage => ({ name, run: () => true });
let act: Stage['run'];
let finished: number[];
let server: ProxyServer;

beforeEach(async () => {
  finished = [];
  act = (exchange) => {
    exchange.status = 200;
    exchange.caller.sendHead(200, '', ['content-length', '4'], 'length');
    exchange.caller.end(Buffer.from('fine'));
    return false;
  };
  const pipeline = makePipeline(
    {
      receive: pass('receive'),
      authenticate: pass('authenticate'),
      limit: pass('limit'),
      read: pass('read'),
      choose: pass('choose'),
      queue: pass('queue'),
      forward: { name: 'forward', run: (exchange) => act(exchange) },
      observe: { name: 'observe', run: () => true, finish: ({ status }) => finished.push(status) },
    },
    makeLogger({ process: 'test', level: 'silent' }),
  );
  server = await startProxyServer({
    address: { host: '127.0.0.1', port: 0 },
    now: () => performance.now(),
    makeExchange: (caller) => new Exchange(pipeline, caller, performance.now()),
  });
});
afterEach(() => server.stop(100));

/** Sends bytes as they are and returns all that comes back until the connection is closed. */
function sendBytes(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = '';
    const socket = connect(server.address.port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (bytes: Buffer) => {
      heard += bytes.toString('latin1');
    });
    socket.once('close', () => resolve(heard)).once('error', reject);
  });
}

describe('bytes that are no proper request', () => {
  const post = 'POST / HTTP/1.1\r\nHost: x\r\n';

  it.each([
    ['no HTTP at all', 'HELLO\r\n\r\n', '400'],
    [
      'a length and chunks at once',
      `${post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      '400',
    ],
    ['two different lengths', `${post}Content-Length: 4\r\nContent-Length: 5\r\n\r\nbody`, '400'],
    ['a length that is no number', `${post}Content-Length: 0x4\r\n\r\nbody`, '400'],
    ['a transfer coding that is not chunked last', `${post}Transfer-Encoding: chunked, gzip\r\n\r\n`, '400'],
    ['a space before the colon', `${post}Content-Length : 4\r\n\r\nbody`, '400'],
    ['no host', 'POST / HTTP/1.1\r\nConnection: close\r\n\r\n', '400'],
    ['headers without end', `${post}A: ${'x'.repeat(40_000)}\r\n\r\n`, '431'],
  ])('%s are refused, and the connection is closed', async (_name, text, status) => {
    const answer = await sendBytes(text);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(finished).toEqual([]);
  });

  it('amid a body end the request that they were to be part of', async () => {
    act = (exchange) => {
      exchange.caller.readBody({ onBody: () => undefined, onBodyEnd: () => undefined });
      return false;
    };
    // A caller that does not end its side: the server must not wait for that.
    const { port } = server.address;
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const heard = once(socket, 'data');
    socket.write(`${post}Transfer-Encoding: chunked\r\n\r\n1\r\naBANANA`);
    expect(String((await heard)[0])).toMatch(/^HTTP\/1.1 400 /);
    await until(() => finished.length > 0);
    expect(finished).toEqual([400]);
    socket.destroy();
  });

  it('while an answer is under way wait for its end, and put no words into its middle', async () => {
    act = (exchange) => {
      exchange.status = 200;
      exchange.caller.sendHead(200, '', ['content-length', '10'], 'length');
      exchange.caller.write(Buffer.from('first'));
      setTimeout(() => exchange.caller.end(Buffer.from('-last')), 50);
      return false;
    };
    const answer = await sendBytes(`${post}Content-Length: 0\r\n\r\nBANANA\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 200 OK[^]*\r\n\r\nfirst-lastHTTP\/1.1 400 Bad Request/);
  });

  it('are told so as JSON', async () => {
    expect(await sendBytes('HELLO\r\n\r\n')).toContain('{"error_code":"BAD_REQUEST"');
  });
});

describe('an exchange', () => {
  it('ends once, with the status of its answer', async () => {
    expect((await send({ to: server.address, path: '/' })).body).toBe('fine');
    expect(finished).toEqual([200]);
  });

  it('whose stage throws is answered 500 and tells nothing of the inside', async () => {
    act = () => {
      throw new Error('a secret of the inside');
    };
    const answer = await send({ to: server.address, path: '/' });
    expect(answer.status).toBe(500);
    expect(answer.body).not.toContain('secret');
    expect(finished).toEqual([500]);
  });

  it('that is overdue is released by its holder and answered 504', async () => {
    let released = 0;
    act = (exchange) => {
      exchange.deadline = performance.now() + 50;
      exchange.holder = {
        release: () => {
          released += 1;
        },
        overdue: { status: 504, errorCode: 'DEADLINE_EXCEEDED', message: 'late', reason: 'deadline' },
      };
      return false;
    };
    expect((await send({ to: server.address, path: '/' })).status).toBe(504);
    expect(released).toBe(1);
  });

  it('that is overdue while its caller still sends is told so once, and may be read in peace', async () => {
    act = (exchange) => {
      exchange.deadline = performance.now();
      return false;
    };
    const socket = connect({ port: server.address.port, host: '127.0.0.1', allowHalfOpen: true });
    let heard = '';
    let errors = 0;
    socket.on('data', (bytes: Buffer) => (heard += bytes.toString('latin1')));
    socket.on('error', () => (errors += 1));
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n');
    await once(socket, 'end');
    expect(heard).toContain('DEADLINE_EXCEEDED');
    // The answer is over; what is sent all the same is read and dropped, and answered by no reset for a while.
    socket.write('1\r\nb\r\n');
    await new Promise((resolve) => setTimeout(resolve, 100));
    socket.write('1\r\nc\r\n');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(errors).toBe(0);
    socket.destroy();
  });

  it('that is under way when the server stops is answered, and its connection is not waited for', async () => {
    let begun = false;
    let answer = (): void => undefined;
    act = (exchange) => {
      exchange.status = 200;
      exchange.caller.sendHead(200, '', [], 'stream');
      answer = () => exchange.caller.end(Buffer.from('fine'));
      begun = true;
      return false;
    };
    const agent = new Agent({ keepAlive: true });
    const reply = send({ to: server.address, path: '/', agent });
    await until(() => begun);
    const stopped = server.stop(3_600_000);
    answer();
    expect((await reply).body).toBe('fine');
    await stopped;
    agent.destroy();
  });

  it('on a connection that drains is the last one there', async () => {
    server.startDraining();
    expect((await send({ to: server.address, path: '/' })).headers.connection).toBe('close');
  });
});
