"""The article's examples for the browser, as cards. The twin is `extensions/widgets/src/wire/gallery.ts`."""

from typing import Any

from ..gallery import Gallery
from .pack import Pack, clean
from .pictures import webp

VERSION = 1
SIDE = 192  # pixels of a picture's longer side


def gallery(found: Gallery) -> tuple[dict[str, Any], bytes]:
    """What the gallery view needs.

    Returns (meta, buffer): `meta["cards"]` in the gallery's order; `span` is the place of a card's WebP in the block
    `pictures`, or None where its run is not recorded yet.
    """
    pack, cards, files, offset = Pack(), [], [], 0
    for one in found.examples:
        trace, span = found.traces.get(one.name), None
        if trace is not None:
            file = webp(trace.image.values, SIDE)
            span = [offset, len(file)]
            files.append(file)
            offset += len(file)
        cards.append(
            {
                "name": clean(one.name, 80),
                "group": clean(one.group, 80),
                "prompt": clean(one.prompt, 200),
                "word": clean(one.word, 80),
                "span": span,
            }
        )
    pack.add("pictures", b"".join(files))
    meta: dict[str, Any] = {"version": VERSION, "kind": "gallery", "cards": cards, "type": "image/webp"}
    meta["blocks"] = pack.blocks
    return meta, pack.data()
