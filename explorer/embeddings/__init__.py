"""Words and pictures as vectors: spaces, maps, arithmetic, matches, styles."""

from .arithmetic import Ranking
from .cache import Cache
from .mapping import map_of
from .matching import Match
from .pictures import picture
from .space import Space, States
from .styles import Styles

__all__ = ["Cache", "Match", "Ranking", "Space", "States", "Styles", "map_of", "picture"]
