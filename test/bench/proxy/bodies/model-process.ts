/** Owns a model of large bodies: a large one gets a small answer, a small one a large answer. Arguments: port, bytes. */
import { createServer } from 'node:http';

const [port = 0, bytes = 0] = process.argv.slice(2).map(Number);
const large = Buffer.alloc(bytes, 'a');

createServer((request, response) => {
  let received = 0;
  request.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  request.on('end', () => {
    const answer = received < bytes ? large : Buffer.from(`{"received":${received}}`);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length });
    response.end(answer);
  });
}).listen(port, '127.0.0.1');
