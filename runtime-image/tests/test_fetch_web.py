"""https:// archives are downloaded, checked and unpacked, never outside of the destination."""

from __future__ import annotations

import base64
import hashlib
import io
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import SecureWeb
from edge_server import Asked, Reply, edge_server
from origins import free_port
from runtime_process import Ended, run_fetch


@pytest.fixture(scope="session")
def model_archives(archives: Path, models: Path) -> Path:
    for form in ("zip", "gztar", "tar"):
        shutil.make_archive(str(archives / "flat"), form, models / "iris-skops")
    shutil.make_archive(str(archives / "nested"), "gztar", models, "iris-skops")
    shutil.make_archive(str(archives / "two"), "gztar", models)
    (archives / "private").mkdir()
    return archives


def _refused(ended: Ended, destination: Path, *words: str) -> None:
    assert ended.code == 1
    assert not destination.exists()
    for word in words:
        assert word in ended.last_line


@pytest.mark.parametrize(
    "name", ["flat.zip", "flat.tar", "flat.tar.gz", "nested.tar.gz", "moved/flat.zip"]
)
@pytest.mark.usefixtures("model_archives")
def test_fetches_an_archive(name: str, web: str, models: Path, tmp_path: Path) -> None:
    ended = run_fetch(f"{web}/{name}", tmp_path / "model")
    assert (ended.code, ended.stderr) == (0, "")
    for file in (models / "iris-skops").iterdir():
        assert (tmp_path / "model" / file.name).read_bytes() == file.read_bytes()


def test_a_single_file_of_another_format_is_the_model(
    web: str, archives: Path, tmp_path: Path
) -> None:
    content = b"gguf" * 1000
    (archives / "tiny.gguf").write_bytes(content)
    pinned = f"{web}/tiny.gguf#sha256={hashlib.sha256(content).hexdigest()}"
    ended = run_fetch(pinned, tmp_path / "model", "--format", "gguf")
    assert (ended.code, ended.stderr) == (0, "")
    assert (tmp_path / "model/tiny.gguf").read_bytes() == content


def test_a_file_that_is_not_what_was_pinned_is_an_error(
    web: str, archives: Path, tmp_path: Path
) -> None:
    (archives / "other.gguf").write_bytes(b"other")
    pinned = f"{web}/other.gguf#sha256={hashlib.sha256(b'expected').hexdigest()}"
    ended = run_fetch(pinned, tmp_path / "model", "--format", "gguf")
    _refused(ended, tmp_path / "model", "[CHECKSUM_MISMATCH]")


def test_a_fragment_that_pins_nothing_is_a_bad_argument(web: str, tmp_path: Path) -> None:
    ended = run_fetch(f"{web}/tiny.gguf#md5sum", tmp_path / "model")
    assert ended.code == 2
    assert "is not sha256=<hexadecimal digest>" in ended.last_line


@pytest.mark.parametrize(
    ("variables", "sent"),
    [
        ({"HTTP_AUTHORIZATION": "Bearer t0ken-of-mine"}, "Bearer t0ken-of-mine"),
        ({"HTTP_USERNAME": "me", "HTTP_PASSWORD": "hunter22"}, "Basic bWU6aHVudGVyMjI="),
    ],
)
def test_the_secrets_variables_say_who_asks(
    variables: dict[str, str], sent: str, tmp_path: Path
) -> None:
    def answer(asked: Asked) -> Reply:
        return Reply(200, b"w") if asked.headers.get("authorization") == sent else Reply(401)

    with edge_server(answer) as edge:
        source = f"{edge.address}/tiny.gguf"
        admitted = run_fetch(source, tmp_path / "model", "--format", "gguf", **variables)
        assert admitted.code == 0
        refused = run_fetch(f"{edge.address}/a.gguf", tmp_path / "other", "--format", "gguf")
        assert refused.last_line.endswith("[UNAUTHENTICATED]")


@pytest.mark.parametrize(
    ("header", "digest"),
    [
        ("repr-digest", lambda content: f"sha-256=:{_base64(hashlib.sha256(content))}:"),
        ("digest", lambda content: f"sha-256={_base64(hashlib.sha256(content))}"),
        ("content-md5", lambda content: _base64(hashlib.md5(content))),  # noqa: S324
        ("x-goog-hash", lambda content: f"crc32c=n03x6A==,md5={_base64(hashlib.md5(content))}"),  # noqa: S324
    ],
)
def test_a_checksum_in_the_answer_is_verified(
    header: str, digest: Callable[[bytes], str], tmp_path: Path
) -> None:
    sent = [b"good", b"evil"]
    headers = {header: digest(b"good")}
    with edge_server(lambda _: Reply(200, sent[0], headers)) as edge:
        arguments = (f"{edge.address}/w.gguf", tmp_path / "model", "--format", "gguf")
        assert run_fetch(*arguments).code == 0
        sent.reverse()
        ended = run_fetch(f"{edge.address}/w.gguf", tmp_path / "other", "--format", "gguf")
        _refused(ended, tmp_path / "other", "[CHECKSUM_MISMATCH]")


def _base64(hasher: hashlib._Hash) -> str:
    return base64.b64encode(hasher.digest()).decode()


@pytest.mark.usefixtures("model_archives")
def test_fetches_over_tls_from_a_trusted_server(secure_web: SecureWeb, tmp_path: Path) -> None:
    ended = run_fetch(
        f"{secure_web.address}/flat.zip",
        tmp_path / "model",
        REQUESTS_CA_BUNDLE=str(secure_web.authority),
    )
    assert (ended.code, ended.stderr) == (0, "")


@pytest.mark.usefixtures("model_archives")
def test_refuses_a_server_that_is_not_trusted(secure_web: SecureWeb, tmp_path: Path) -> None:
    ended = run_fetch(f"{secure_web.address}/flat.zip", tmp_path / "model")
    _refused(ended, tmp_path / "model", "certificate is not trusted")


def test_refuses_plain_http_beyond_loopback(tmp_path: Path) -> None:
    ended = run_fetch("http://models.invalid/iris.zip", tmp_path / "model")
    assert ended.code == 2
    assert "over https only" in ended.last_line


def test_refuses_a_redirect_to_plain_http(web: str, tmp_path: Path) -> None:
    ended = run_fetch(f"{web}/downgraded/iris.zip", tmp_path / "model")
    _refused(ended, tmp_path / "model", "redirect refused", "over https only")


def test_a_missing_archive_is_not_found(web: str, tmp_path: Path) -> None:
    ended = run_fetch(f"{web}/nothing.zip", tmp_path / "model")
    _refused(ended, tmp_path / "model", "model not found", "the server answered 404")


def test_a_forbidden_archive_is_access_denied_and_its_signature_stays_secret(
    web: str, tmp_path: Path
) -> None:
    ended = run_fetch(f"{web}/private/iris.zip?X-Amz-Signature=abc123", tmp_path / "model")
    _refused(ended, tmp_path / "model", f"access denied: {web}/private/iris.zip?***: ")
    assert "abc123" not in ended.stdout + ended.stderr


def test_a_refused_connection_names_the_address(tmp_path: Path) -> None:
    port = free_port()
    ended = run_fetch(f"http://127.0.0.1:{port}/iris.zip", tmp_path / "model")
    _refused(ended, tmp_path / "model", f"no server answers at 127.0.0.1:{port}")


def test_a_broken_connection_is_called_so(web: str, tmp_path: Path) -> None:
    ended = run_fetch(f"{web}/cut/iris.tar.gz", tmp_path / "model")
    _refused(ended, tmp_path / "model", "download failed", "the connection stalled or broke")


@pytest.mark.parametrize("name", ["flat.zip", "flat.tar.gz"])
def test_a_truncated_archive_is_called_corrupt(
    name: str, web: str, model_archives: Path, tmp_path: Path
) -> None:
    content = (model_archives / name).read_bytes()
    (model_archives / f"half-{name}").write_bytes(content[: len(content) // 2])
    ended = run_fetch(f"{web}/half-{name}", tmp_path / "model")
    _refused(ended, tmp_path / "model", "archive refused", "corrupt or incomplete")


def test_a_damaged_archive_is_called_corrupt(
    web: str, model_archives: Path, tmp_path: Path
) -> None:
    content = bytearray((model_archives / "flat.tar.gz").read_bytes())
    content[len(content) // 2] ^= 0xFF
    (model_archives / "damaged.tar.gz").write_bytes(content)
    ended = run_fetch(f"{web}/damaged.tar.gz", tmp_path / "model")
    _refused(ended, tmp_path / "model", "archive refused", "corrupt")


def test_a_tar_with_a_damaged_member_is_called_corrupt(
    web: str, model_archives: Path, tmp_path: Path
) -> None:
    content = bytearray((model_archives / "flat.tar").read_bytes())
    second = content.index(b"ustar", 600)
    content[second - 200] ^= 0xFF
    (model_archives / "damaged.tar").write_bytes(content)
    ended = run_fetch(f"{web}/damaged.tar", tmp_path / "model")
    _refused(ended, tmp_path / "model", "archive refused", "corrupt")


def test_a_page_that_is_no_archive_is_called_so(
    web: str, model_archives: Path, tmp_path: Path
) -> None:
    (model_archives / "page.html").write_text("<html>please log in</html>")
    ended = run_fetch(f"{web}/page.html", tmp_path / "model")
    _refused(ended, tmp_path / "model", "neither a .tar, .tar.gz, .tar.zst nor a .zip")


@pytest.mark.usefixtures("model_archives")
def test_an_archive_with_several_models_is_refused(web: str, tmp_path: Path) -> None:
    ended = run_fetch(f"{web}/two.tar.gz", tmp_path / "model")
    _refused(ended, tmp_path / "model", "not a model", "no MLmodel file")


def _tar_with(member: tarfile.TarInfo, content: bytes) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as tar:
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return written.getvalue()


def _tar_climbing() -> bytes:
    return _tar_with(tarfile.TarInfo("model/../../../escaped"), b"x")


def _tar_absolute() -> bytes:
    return _tar_with(tarfile.TarInfo("/escaped"), b"x")


def _tar_symlink() -> bytes:
    link = tarfile.TarInfo("model")
    link.type, link.linkname = tarfile.SYMTYPE, "/"
    return _tar_with(link, b"")


def _tar_hard_link() -> bytes:
    link = tarfile.TarInfo("MLmodel")
    link.type, link.linkname = tarfile.LNKTYPE, "/etc/hostname"
    return _tar_with(link, b"")


def _zip_climbing() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as content:
        content.writestr("../../escaped", "x")
    return written.getvalue()


def _zip_symlink() -> bytes:
    written = io.BytesIO()
    link = zipfile.ZipInfo("model")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(written, "w") as content:
        content.writestr(link, "/")
    return written.getvalue()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_tar_climbing, "outside of the destination"),
        (_tar_absolute, "outside of the destination"),
        (_tar_symlink, "a link or a device"),
        (_tar_hard_link, "a link or a device"),
        (_zip_climbing, "outside of the destination"),
        (_zip_symlink, "a link"),
    ],
)
def test_an_archive_that_would_write_elsewhere_is_refused(
    make: Callable[[], bytes], reason: str, web: str, archives: Path, tmp_path: Path
) -> None:
    (archives / make.__name__).write_bytes(make())
    home = tmp_path / "a" / "b" / "c"
    ended = run_fetch(f"{web}/{make.__name__}", home / "model")
    _refused(ended, home / "model", "archive refused", reason)
    assert [found for found in tmp_path.rglob("*") if "escaped" in found.name] == []
