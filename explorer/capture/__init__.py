"""Watches one run of a pipeline and hands back plain arrays; leaves no patch behind and changes no pixel."""

from .around import as_before, quiet
from .watch import Recording, Watched, watch

__all__ = ["Recording", "Watched", "as_before", "quiet", "watch"]
