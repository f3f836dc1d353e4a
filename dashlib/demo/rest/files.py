"""Files of repositories, as far as anybody asks for them: the `.mailmap` of two (doc/api/repository_files.md)."""

from __future__ import annotations

from dashlib.demo.calls import Call, Handler, Reply, not_found
from dashlib.demo.company import mailmap


def raw(call: Call) -> Reply:
    """`GET …/repository/files/:path/raw`: the bytes, whatever the ref is."""
    project = call.project()
    text = mailmap(project.path, call.world.users.values()) if call.args["path"] == ".mailmap" else None
    if text is None or project.default_branch is None:
        raise not_found("File")
    headers = {"X-Gitlab-File-Name": ".mailmap", "X-Gitlab-Size": str(len(text.encode()))}
    return Reply(200, text.encode(), "text/plain; charset=utf-8", headers)


ENDPOINTS: tuple[tuple[str, str, Handler], ...] = (("GET", "/projects/:id/repository/files/:path/raw", raw),)
