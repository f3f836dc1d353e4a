"""Where the dashboard answers, as far as it knows."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from dashlib.runtime import runtime


def own_address() -> str:
    """DASH_REPORT_URL, else scheme, host and port that this browser uses; without a slash at its end."""
    told = runtime().settings.report_url
    parts = urlsplit(told or st.context.url or "http://127.0.0.1:8501")
    return told.rstrip("/") if told else f"{parts.scheme}://{parts.netloc}"
