"""A mail server with a certificate that nobody vouches for gets neither the password nor the note."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
from pathlib import Path

import pytest

from dashlib.nightlies.report import note
from dashlib.nightlies.ways import NotTaken, deliver, mail
from dashlib.settings import Settings
from tests.queries.build import MIDNIGHT, Builder

# Made for this test, good for no other address than 127.0.0.1, until 2126.
_KEY = (
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgOV3SJm0dXzfnoN4iyMULlWDrxKtlwEeTYRdCKXOOYtKhRANCAARK9r4P"
    "iju3DLMbPLdDbRiCo44yedkM+y/uFxhLjsWEN8zVNvp5sLYPoJjND7j12bhUDkpeCLGwNVQ+MZzoO4j+"
)
_CERTIFICATE = (
    "MIIBljCCATygAwIBAgIUR8SAiCFRtOZ/x61saQz1G6Y6GpMwCgYIKoZIzj0EAwIwFzEVMBMGA1UEAwwMbWFpbC5leGFtcGxlMCAXDTI2"
    "MTEyMjE2MjUyNloYDzIxMjYxMDI5MTYyNTI2WjAXMRUwEwYDVQQDDAxtYWlsLmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC"
    "AARK9r4Piju3DLMbPLdDbRiCo44yedkM+y/uFxhLjsWEN8zVNvp5sLYPoJjND7j12bhUDkpeCLGwNVQ+MZzoO4j+o2QwYjAdBgNVHQ4E"
    "FgQUn7DaLfHx0bHIqX13KRH/XnhisycwHwYDVR0jBBgwFoAUn7DaLfHx0bHIqX13KRH/XnhisycwDwYDVR0TAQH/BAUwAwEB/zAPBgNV"
    "HREECDAGhwR/AAABMAoGCCqGSM49BAMCA0gAMEUCIQC2NpPQhBV5TcscdL3oBxOgq6qPk/ZVs/SN0GhgDj5ivgIgUFs+xA0O59gcqYGP"
    "plulYe5QgL2YA31hnj+YnG4mfDw="
)


def _safe(scratch: Path) -> ssl.SSLContext:
    pem = scratch / "server.pem"
    parts = (("PRIVATE KEY", _KEY), ("CERTIFICATE", _CERTIFICATE))
    pem.write_text("".join(f"-----BEGIN {name}-----\n{text}\n-----END {name}-----\n" for name, text in parts))
    safe = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    safe.load_cert_chain(pem)
    return safe


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_certificate_that_is_not_trusted(built: Builder, tmp_path: Path, scheme: str) -> None:
    """From the start (smtps) and where the server offers TLS (smtp): nothing is said to it after the handshake."""
    safe, heard = _safe(tmp_path), list[bytes]()

    class Server(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            line: socket.socket = self.request
            if scheme == "smtp":
                line.sendall(b"220 here\r\n")
                heard.append(line.recv(1000)[:4])
                line.sendall(b"250-here\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n")
                heard.append(line.recv(1000))
                line.sendall(b"220 go\r\n")
            try:
                with safe.wrap_socket(line, server_side=True) as wrapped:
                    heard.append(wrapped.recv(1000))
            except OSError:
                heard.append(b"no handshake")

    built.night(MIDNIGHT, failed=["lint"])
    built.write()
    with built.store.reader() as reader:
        told = note(reader, MIDNIGHT.date())
    with socketserver.TCPServer(("127.0.0.1", 0), Server) as server:
        server.timeout = 20
        thread = threading.Thread(target=server.handle_request, daemon=True)
        thread.start()
        settings = Settings(
            report_smtp=f"{scheme}://dash@127.0.0.1:{server.server_address[1]}",
            report_smtp_password="hunter2",
            report_mail_to=("team@example.com",),
        )
        with pytest.raises(NotTaken) as refused:
            deliver(settings, mail(settings, told))
        thread.join(20)
    assert str(refused.value) == "no safe connection to the mail server: its certificate is not trusted"
    assert heard == ([b"ehlo", b"STARTTLS\r\n"] if scheme == "smtp" else []) + [b"no handshake"]
