"""The table of contents: links to the pages, each with what was last chosen there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import streamlit as st
from streamlit.navigation.page import Page

from dashlib.widgets.address import link_to
from dashlib.widgets.filters import FILTER_KEYS


def contents() -> Callable[[Mapping[str, Page], Page, str, tuple[str, ...]], None]:
    """Take the place of the table of contents; gives back the function that fills it in once the choices are known.

    It stands in the sidebar, on a telephone above the page: there the sidebar covers the page, and stays open when a
    link in it is followed.
    """
    telephone = "Mobi" in (st.context.headers.get("User-Agent") or "")
    place: AbstractContextManager[Any]
    if telephone:
        place = st.container(horizontal=True, gap="xsmall")
    else:
        place = st.sidebar.container(gap="xsmall")
        st.sidebar.space("small")

    def fill(pages: Mapping[str, Page], here: Page, name: str, unfiltered: tuple[str, ...]) -> None:
        """``pages`` by name, of which ``name`` is open as ``here``; those of ``unfiltered`` have no filter bar."""
        with place:
            for to, page in pages.items():
                query = link_to(to, () if to in unfiltered else FILTER_KEYS)
                target = here if to == name else page
                st.page_link(target, query_params=query, width="content" if telephone else "stretch")

    return fill
