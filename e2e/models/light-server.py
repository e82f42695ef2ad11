"""A model server that costs next to nothing, for journeys with hundreds of requests a second: it answers its version."""

import asyncio
import json
import sys

version, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])


def answer(body: bytes) -> bytes:
    text = json.dumps({"predictions": [version]}).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(text), text)


class Connection(asyncio.Protocol):
    """One connection: requests with a Content-Length, one after the other; a body with "stream" is answered slowly."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.received = b""
        self.streaming = False

    def data_received(self, data: bytes) -> None:
        self.received += data
        while not self.streaming and self.take_request():
            pass

    def take_request(self) -> bool:
        head, separator, rest = self.received.partition(b"\r\n\r\n")
        if not separator:
            return False
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if len(rest) < length:
            return False
        body, self.received = rest[:length], rest[length:]
        if b'"stream"' in body:
            self.streaming = True
            asyncio.create_task(self.stream(json.loads(body)["stream"]))
        else:
            self.transport.write(answer(body))
        return True

    async def stream(self, events: int) -> None:
        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        self.transport.write(head)
        for index in range(events):
            self.write_chunk(b'data: {"index": %d, "version": "%b"}\n\n' % (index, version.encode()))
            await asyncio.sleep(0.1)
        self.write_chunk(b"data: [DONE]\n\n")
        self.transport.write(b"0\r\n\r\n")
        self.streaming = False
        self.data_received(b"")

    def write_chunk(self, data: bytes) -> None:
        self.transport.write(b"%x\r\n%b\r\n" % (len(data), data))


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Connection, host, port)
    async with server:
        await server.serve_forever()


asyncio.run(main())
