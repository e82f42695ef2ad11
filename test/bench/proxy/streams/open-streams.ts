/** Owns streams of server-sent events that are open and idle: a model that begins them, and callers that wait. */
import { Agent, request } from 'node:http';
import type { ClientRequest, ServerResponse } from 'node:http';
import { startModelServer } from '../../../../proxy/testing/model-server-fixture.ts';
import type { ModelServer } from '../../../../proxy/testing/model-server-fixture.ts';
import { body, headers } from '../load/request.ts';

const firstEvent = 'data: {"choices":[]}\n\n';
/** As many as can be opened at one time without a handshake that is in line for seconds. */
const openedAtOneTime = 32;

/** Starts a model that begins a stream for each request, sends one event, and says nothing more. */
export async function startStreamingModel(): Promise<ModelServer> {
  const model = await startModelServer();
  model.respond = (incoming, response: ServerResponse) => {
    incoming.resume();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(firstEvent);
  };
  return model;
}

/**
 * Opens `count` streams at `url` and resolves once each has had its first event.
 *
 * @throws Error when one ends, or is not begun.
 */
export async function openStreams(url: string, count: number): Promise<{ close(): void }> {
  const agent = new Agent({ keepAlive: false });
  const open: ClientRequest[] = [];
  const opener = async (): Promise<void> => {
    while (open.length < count) {
      const call = request(url, { method: 'POST', agent, headers });
      open.push(call);
      await begun(call);
    }
  };
  await Promise.all(Array.from({ length: openedAtOneTime }, opener));
  return {
    close: () => {
      for (const call of open) call.destroy();
      agent.destroy();
    },
  };
}

function begun(call: ClientRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    call.on('error', reject);
    call.once('response', (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`a stream was answered ${answer.statusCode ?? 0}`));
      answer.on('error', reject);
      answer.once('data', () => resolve());
    });
    call.end(body);
  });
}
