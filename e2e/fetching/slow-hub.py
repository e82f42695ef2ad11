"""A mirror of the Hugging Face Hub with one model, which it sends slowly."""

import argparse
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PIECE = 256 * 1024
FILE = "weights.bin"

parser = argparse.ArgumentParser()
parser.add_argument("--host", required=True)
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--pieces", type=int, required=True)
parser.add_argument("--seconds", type=float, required=True)
options = parser.parse_args()
size = options.pieces * PIECE


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if "/resolve/" in self.path:
            self.send_model()
        elif "/revision/" in self.path:
            listing = {"sha": "c0ffee", "siblings": [{"rfilename": FILE, "size": size}]}
            self.answer(json.dumps(listing).encode())
        else:
            self.answer(b"{}")

    def answer(self, body):
        self.head(len(body))
        self.wfile.write(body)

    def send_model(self):
        self.head(size)
        for _piece in range(options.pieces):
            self.wfile.write(bytes(PIECE))
            time.sleep(options.seconds / options.pieces)

    def head(self, length):
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(length))
        self.end_headers()

    def log_message(self, *_):
        pass


ThreadingHTTPServer((options.host, options.port), Handler).serve_forever()
