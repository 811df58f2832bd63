"""The part of JupyterLab's server: trace files listed, as thumbnails, and as what the views need, without a kernel.

Paths are those of the contents manager, which decides what is in its folder, what is hidden and who may read.
"""

import asyncio
import io
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from jupyter_core.paths import is_hidden
from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import ApiPath, to_os_path, url_path_join
from tornado import web

from .errors import TraceFileError

THUMB = 160  # pixels of a thumbnail's longer side
LISTED = 200  # trace files of one folder, the newest first
_POOL = ThreadPoolExecutor(2, "prompt-explorer")  # the server goes on answering while a trace is read

T = TypeVar("T")


class _Handler(APIHandler):
    auth_resource = "contents"

    async def place(self, kind: str) -> Path:
        """Where the file or directory of the request lies; 404 where the contents manager would not show it."""
        manager = self.contents_manager
        root = getattr(manager, "root_dir", None)
        if not root:
            raise web.HTTPError(501, "This server's files are not in a folder: open the trace with explorer.open.")
        path = self.get_query_argument("path", "").strip("/")
        # Refuses what lies outside, is hidden, is missing or is of another kind.
        await ensure_async(manager.get(path, content=False, type=kind))
        return Path(to_os_path(ApiPath(path), root))

    async def work(self, task: Callable[[], T], shown: str) -> T:
        """Done beside the server's loop; what is wrong with a file becomes 422 and one sentence."""
        try:
            return await asyncio.get_running_loop().run_in_executor(_POOL, task)
        except TraceFileError as error:
            raise web.HTTPError(422, reason="Unreadable trace", log_message=str(error)) from error
        except Exception as error:  # a file that is whole and yet makes no sense
            self.log.exception("A trace can't be shown")
            sentence = f"{shown} can't be shown: record the run again."
            raise web.HTTPError(422, reason="Unreadable trace", log_message=sentence) from error

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """As JSON, like Jupyter's own; the message is the sentence, without the server's folders."""
        error = (kwargs.get("exc_info") or (None, None, None))[1]
        message = str(getattr(error, "log_message", None) or self._reason)
        root = str(getattr(self.contents_manager, "root_dir", ""))
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"message": message.replace(root, "").lstrip("/\\") if root else message}))


class TracesHandler(_Handler):
    """`GET prompt-explorer/traces?path=folder`: what the headers of a folder's trace files say, the newest first."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """A JSON list of name, path and either prompt, seed, model, width and height, or an error's sentence."""
        folder = await self.place("directory")
        root, inside = self.contents_manager.root_dir, self.get_query_argument("path", "").strip("/")
        allowed = bool(self.contents_manager.allow_hidden)

        def listed() -> list[dict[str, Any]]:
            from .storage import SUFFIX

            files = [file for file in folder.glob(f"*{SUFFIX}") if allowed or not is_hidden(str(file), str(root))]
            stats = sorted(((file.stat(), file) for file in files if file.is_file()), key=lambda one: -one[0].st_mtime)
            return [
                {
                    "name": file.name,
                    "path": f"{inside}/{file.name}".lstrip("/"),
                    # A file that was written anew is another address.
                    "version": f"{stat.st_mtime_ns:x}-{stat.st_size:x}",
                    **about(file),
                }
                for stat, file in stats[:LISTED]
            ]

        self.finish(json.dumps(await self.work(listed, inside)))


class ThumbnailHandler(_Handler):
    """`GET prompt-explorer/thumbnail?path=file`: a trace's picture as a small JPEG; nothing else of it is read."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """A JPEG of at most `THUMB` pixels, or 422."""
        file = await self.place("file")
        data = await self.work(lambda: thumbnail(file), file.name)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "private, max-age=86400")
        self.finish(data, set_content_type="image/jpeg")


class TraceHandler(_Handler):
    """`GET prompt-explorer/trace?path=file&parts=attention,layers`: what the views need, laid out by `packed`."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Bytes; 422 and one sentence for a damaged or foreign file."""
        file = await self.place("file")
        parts = tuple(self.get_query_argument("parts", "attention,layers").split(","))
        data = await self.work(lambda: packed(file, parts), file.name)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.finish(data, set_content_type="application/octet-stream")


def about(file: Path) -> dict[str, Any]:
    """What a trace file's header says, for a list; or the sentence of what is wrong with it."""
    from . import wire
    from .storage import read_settings

    try:
        s = read_settings(file)
        return {
            "prompt": wire.clean(str(s.prompt), 200),
            "seed": str(s.seed),
            "model": wire.clean(str(s.model), 120),
            "steps": int(s.steps),
            "width": int(s.width),
            "height": int(s.height),
        }
    except (TraceFileError, TypeError, ValueError) as error:
        return {"error": str(error).replace(str(file), file.name)}


def thumbnail(file: Path) -> bytes:
    """A trace's picture as JPEG, at most `THUMB` pixels wide and high."""
    from PIL import Image

    from .storage import read_picture

    picture = Image.fromarray(read_picture(file)).convert("RGB")
    picture.thumbnail((THUMB, THUMB), Image.Resampling.LANCZOS)
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=82)
    return data.getvalue()


def packed(file: Path, parts: tuple[str, ...]) -> bytes:
    """`wire.trace` of a file in one piece: length of the description (4 bytes, little-endian), description, buffer.

    The description is JSON, `{"meta": ..., "settings": line}`, padded with spaces to a multiple of four bytes.
    Raises TraceFileError if the file is no whole trace.
    """
    from . import wire
    from .storage import open_for_views
    from .views.preview import settings_line

    trace = open_for_views(file)
    meta, buffer = wire.trace(trace, tuple(part for part in wire.PARTS if part in parts))
    text = json.dumps({"meta": meta, "settings": settings_line(trace)}, allow_nan=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    return len(text).to_bytes(4, "little") + text + buffer


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "explorer.server"}]


def _load_jupyter_server_extension(app: Any) -> None:
    """Called by Jupyter's server when it starts."""
    base = app.web_app.settings["base_url"]
    handlers = {"traces": TracesHandler, "thumbnail": ThumbnailHandler, "trace": TraceHandler}
    app.web_app.add_handlers(
        ".*$", [(url_path_join(base, "prompt-explorer", name), handler) for name, handler in handlers.items()]
    )
