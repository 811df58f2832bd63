"""The training pictures nearest to a picture, for the browser. The twin is `wire/copies.ts`."""

from typing import TYPE_CHECKING, Any

from .pack import Pack, clean
from .pictures import webp

if TYPE_CHECKING:
    from ..copying import Copies

VERSION = 1
SIDE = 192  # pixels of a picture's longer side, at most
NAMES = {
    "copy": ("Copy measure", "Outlines, wherever they were moved to, mirrored or coloured anew."),
    "pixels": ("Pixels", "The colours, pixel by pixel."),
    "clip": ("CLIP", "What open_clip sees in it: pictures of the same things are near, and no copies."),
}


def copies(found: "Copies") -> tuple[dict[str, Any], bytes]:
    """What the view of nearest pictures needs.

    Returns (meta, buffer): the block `pictures` holds WebPs, the picture's own at `meta["picture"]`, a match's at its
    `span`; `how` says how the searched picture had to be mirrored and moved to lie on it.
    """
    pack, files = Pack(), [webp(found.picture, SIDE)]
    offset = len(files[0])
    measures = []
    for by, nearest in found.nearest.items():
        name, about = NAMES.get(by, (by, ""))
        matches = []
        for one in nearest.matches:
            file = webp(one.picture, SIDE)
            matches.append(
                {
                    "seed": int(one.seed),
                    "caption": clean(one.caption, 200),
                    "likeness": float(one.likeness),
                    "copied": bool(one.copied),
                    "how": how(one),
                    "span": [offset, len(file)],
                }
            )
            files.append(file)
            offset += len(file)
        measures.append(
            {
                "by": by,
                "name": clean(name, 40),
                "about": about,
                "among": int(nearest.among),
                "seconds": float(nearest.seconds),
                "matches": matches,
            }
        )
    pack.add("pictures", b"".join(files))
    meta: dict[str, Any] = {
        "version": VERSION,
        "kind": "copies",
        "type": "image/webp",
        "prompt": clean(found.prompt, 400),
        "copied": found.copied,
        "limit": found.limit,
        "picture": [0, len(files[0])],
        "measures": measures,
    }
    meta["blocks"] = pack.blocks
    return meta, pack.data()


def how(match: Any) -> str:
    """How the searched picture lies on a match: "mirrored, moved by 4 down and 6 right"; empty for as it is."""
    down, right = match.shift
    ways = [f"{abs(down)} {'down' if down > 0 else 'up'}"] if down else []
    ways += [f"{abs(right)} {'right' if right > 0 else 'left'}"] if right else []
    parts = (["mirrored"] if match.flipped else []) + ([f"moved by {' and '.join(ways)}"] if ways else [])
    return ", ".join(parts)
