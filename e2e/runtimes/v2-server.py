"""A model server of somebody else: speaks the Open Inference Protocol (V2), knows nothing of Fairlead."""

import argparse
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import mlflow.pyfunc
import pandas

parser = argparse.ArgumentParser()
parser.add_argument("--repository", required=True)
parser.add_argument("--host", required=True)
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--server-name", default="nameless")
options = parser.parse_args()
name = options.repository.rstrip("/").rsplit("/", 1)[-1]
model = mlflow.pyfunc.load_model(options.repository)
columns = model.metadata.get_input_schema().input_names()
answered = 0


def infer(request):
    """Returns the outputs for the tensors of one request."""
    tensor = request["inputs"][0]
    rows, width = tensor["shape"]
    values = [tensor["data"][row * width : (row + 1) * width] for row in range(rows)]
    labels = [int(label) for label in model.predict(pandas.DataFrame(values, columns=columns))]
    output = {"name": "label", "shape": [rows], "datatype": "INT64", "data": labels}
    return {"model_name": name, "outputs": [output]}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, content_type, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.send_header("x-server", options.server_name)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path in ("/v2/health/live", "/v2/health/ready"):
            self.answer(200, "text/plain", "")
        elif self.path == "/metrics":
            self.answer(200, "text/plain; version=0.0.4", f"answered_total {answered}\n")
        else:
            self.answer(404, "text/plain", self.path)

    def do_POST(self):
        global answered
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path != f"/v2/models/{name}/infer":
            self.answer(404, "text/plain", self.path)
            return
        answered += 1
        self.answer(200, "application/json", json.dumps(infer(json.loads(body))))


ThreadingHTTPServer((options.host, options.port), Handler).serve_forever()
