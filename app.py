"""One process: the pages, the routes and the background sync. Started by ``python -m dashlib serve``."""

from pathlib import Path

import streamlit as st

from dashlib import lifeline
from dashlib.routes import MIDDLEWARE, ROUTES
from dashlib.runtime import lifespan

lifeline.watch()
_HOST = st.get_option("server.address") or "127.0.0.1"
_LOCAL = "127.0.0.1" if _HOST in ("0.0.0.0", "::", "localhost") else _HOST  # noqa: S104 - compared, not bound
_ADDRESS = f"http://{_LOCAL}:{st.get_option('server.port')}"

app = st.App(
    Path(__file__).parent / "pages" / "navigation.py",
    routes=ROUTES,
    middleware=MIDDLEWARE,
    lifespan=lifespan(_ADDRESS),
)
