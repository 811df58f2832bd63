"""The steps view: how the picture comes about, from noise to detail."""

from .bundle import bundle
from .run import RunView


class StepsView(RunView):
    """Go through a trace's steps: predicted picture, latents, noise, and how much each step changed."""

    _stem = "steps"
    _parts = ("attention", "fields", "pictures", "curves")
    _esm = bundle(_stem)
