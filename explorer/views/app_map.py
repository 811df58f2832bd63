"""The app's map: the words and pictures of its runs, made when it is asked for."""

from typing import TYPE_CHECKING, Any

import traitlets
from ipywidgets import widget_serialization

from ..runs import Job, Worker, sentence
from .map import MapView

if TYPE_CHECKING:
    from ..session import Explorer


class RunsMap(traitlets.HasTraits):
    """The part of the app that maps its runs.

    map: the view of the newest map, or None before the first.
    """

    map = traitlets.Instance(MapView, None, allow_none=True, read_only=True).tag(sync=True, **widget_serialization)
    _mapping = traitlets.Dict({"state": "idle"}, read_only=True).tag(sync=True)

    _explorer: "Explorer"
    _mapper: Worker | None = None

    def map_runs(self) -> Job:
        """Map the runs so far; returns at once. Not in the Explorer's worker: a map must not end a run."""
        self.set_trait("_mapping", {"state": "waiting"})
        self._mapper = self._mapper or Worker("map of runs")
        return self._mapper.submit(self._make_map)

    def close_map(self) -> None:
        """Free the map."""
        if self._mapper is not None:
            self._mapper.stop()
        if self.map is not None:
            self.map.close()

    def _make_map(self, job: Job) -> None:
        runs = self._explorer.history
        try:
            # Its steps are a way through the map, from noise to its words.
            path = next((run for run in reversed(runs) if run.pictures is not None), None)
            view = MapView(self._explorer.project(runs=runs, path=path))
        except Exception as error:
            self.set_trait("_mapping", {"state": "failed", "message": sentence(error)})
            return
        if job.stopped:
            view.close()
            return
        before: Any = self.map
        self.set_trait("map", view)
        self.set_trait("_mapping", {"state": "done", "runs": len(runs)})
        if before is not None:
            before.close()
