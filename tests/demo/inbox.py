"""A receiver of webhooks on loopback that answers as it is told."""

from __future__ import annotations

import http.server
import json
import threading
from typing import Any


class Inbox:
    """Keeps the deliveries it gets; ``status`` is what it answers."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.status = 200
        self.arrived = threading.Event()
        inbox = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                inbox.got.append((dict(self.headers), json.loads(body)))
                inbox.arrived.set()
                self.send_response(inbox.status)
                self.send_header("Content-Length", "0")
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, format: str, *args: Any) -> None:
                """Says nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/gitlab/events"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """It hears nothing any more."""
        self.server.shutdown()
        self.server.server_close()
