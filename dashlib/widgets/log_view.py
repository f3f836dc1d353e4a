"""A job log in the browser: telling lines marked, the rest folded. It is handed over as data and shown as text."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import streamlit as st

from dashlib.failures.excerpt import Excerpt

_HERE = Path(__file__).parent
_VIEW = st.components.v2.component(
    "log_view",
    html='<div class="tools"></div>\n<div class="log" role="region" aria-label="Job log" tabindex="0"></div>',
    css=(_HERE / "log_view.css").read_text("utf-8"),
    js=(_HERE / "log_view.js").read_text("utf-8"),
)


def log_view(shown: Excerpt, key: str) -> None:
    """Draw an excerpt; folds open in the browser without asking the server."""
    _VIEW(data=asdict(shown), key=key)
