"""Owns the servers that models come from: MLflow's, an S3, and plain files over HTTP."""

from __future__ import annotations

import contextlib
import datetime
import functools
import http.server
import ipaddress
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from runtime_process import START_SECONDS, clean_environment


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _process(arguments: list[str], answers_at: str, log: Path) -> Iterator[None]:
    with log.open("w") as output:
        process = subprocess.Popen(
            arguments,
            env=clean_environment(MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false"),
            stdout=output,
            stderr=output,
            cwd=log.parent,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                urllib.request.urlopen(answers_at, timeout=5).close()
                break
            except OSError as error:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(log.read_text()) from error
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(START_SECONDS)


@contextlib.contextmanager
def tracking_server(home: Path) -> Iterator[str]:
    """MLflow's own server with its registry, storing artifacts behind itself."""
    address = f"http://127.0.0.1:{free_port()}"
    arguments = [
        *(sys.executable, "-m", "mlflow", "server"),
        *("--host", "127.0.0.1", "--port", address.rpartition(":")[2], "--workers", "1"),
        *("--backend-store-uri", f"sqlite:///{home}/mlflow.db"),
        *("--artifacts-destination", str(home / "artifacts")),
    ]
    with _process(arguments, f"{address}/health", home / "tracking.log"):
        yield address


@dataclass(frozen=True)
class S3:
    """An S3 that checks signatures, with one user who may read."""

    address: str
    key: str
    secret: str

    def environment(self) -> dict[str, str]:
        return {
            "MLFLOW_S3_ENDPOINT_URL": self.address,
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
        }

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.address,
            region_name="us-east-1",
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
        )


@contextlib.contextmanager
def s3_server(home: Path) -> Iterator[S3]:
    """Starts the S3 and makes its user and a bucket named `models`."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    arguments = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with _process(arguments, f"{address}/moto-api/data.json", home / "s3.log"):
        iam = S3(address, "setting-up", "setting-up").client("iam")
        iam.create_user(UserName="reader")
        iam.put_user_policy(
            UserName="reader",
            PolicyName="all",
            PolicyDocument='{"Version": "2012-10-17", "Statement": '
            '[{"Effect": "Allow", "Action": "*", "Resource": "*"}]}',
        )
        made = iam.create_access_key(UserName="reader")["AccessKey"]
        enforce = urllib.request.Request(
            f"{address}/moto-api/reset-auth", b"0", {"content-type": "text/plain"}
        )
        urllib.request.urlopen(enforce).close()
        storage = S3(address, made["AccessKeyId"], made["SecretAccessKey"])
        storage.client("s3").create_bucket(Bucket="models")
        yield storage


@contextlib.contextmanager
def google_storage(home: Path, objects: dict[str, bytes]) -> Iterator[str]:
    """Starts a Google Cloud Storage in memory, with a bucket named `models`."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    arguments = [
        *(sys.executable, "-m", "gcp_storage_emulator"),
        *("start", "--host=127.0.0.1", f"--port={port}", "--in-memory", "--default-bucket=models"),
    ]
    with _process(arguments, f"{address}/storage/v1/b", home / "gcs.log"):
        for name, content in objects.items():
            query = f"uploadType=media&name={urllib.parse.quote(name, safe='')}"
            upload = f"{address}/upload/storage/v1/b/models/o?{query}"
            kind = {"content-type": "application/octet-stream"}
            urllib.request.urlopen(urllib.request.Request(upload, content, kind)).close()
        yield address


class _Files(http.server.SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/private/"):
            self.send_error(403)
        elif self.path.startswith("/moved/"):
            self.send_response(302)
            self.send_header("location", self.path.removeprefix("/moved"))
            self.end_headers()
        elif self.path.startswith("/downgraded/"):
            self.send_response(302)
            self.send_header("location", "http://models.invalid/iris.tar.gz")
            self.end_headers()
        elif self.path.startswith("/cut/"):
            self.send_response(200)
            self.send_header("content-length", "100000")
            self.end_headers()
            self.wfile.write(b"\x1f\x8b" + b"x" * 100)
        else:
            super().do_GET()

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def file_server(directory: Path, tls: Path | None = None) -> Iterator[str]:
    """Serves a directory; over TLS when a PEM file with key and certificate is given."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(_Files, directory=str(directory))
    )
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def make_certificate(target: Path) -> Path:
    """Writes a key and a certificate for 127.0.0.1 that is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    target.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return target
