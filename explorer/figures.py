"""Plotly figures of a trace's results, in the colours of the views, for those who compose their own.

Each function returns a plain `plotly.graph_objects.Figure`: change it, combine it, write it to a file.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .analysis import change, heat, settled, spectra, words_at
from .analysis.heat import resize
from .trace import Choice, Layers, Trace
from .views.palette import BANDS, STOPS, WORDS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from .atlas import Atlas

__all__ = ["atlas_figure", "bands", "heat_map", "ranking", "settling", "steps", "words_over_steps"]

INK = "#1565c0"
_LONGEST = 60  # characters of a word in a label
_WRITTEN = 120  # items of a map up to which words are written out
_DRAWN = 5_000


def heat_map(
    trace: Trace,
    word: str | int | Sequence[str | int],
    *,
    step: Choice = None,
    layer: Layers = None,
    opacity: float = 0.7,
) -> "Figure":
    """The picture under a word's heat; hovering reads the share of attention at a pixel.

    word, step, layer: as in `Trace.heat`. opacity: of the heat, 0 to 1.
    """
    import plotly.graph_objects as go

    height, width = trace.image.sizes["y"], trace.image.sizes["x"]
    shares = resize(heat(trace, word, step=step, layer=layer).values, height, width)
    figure = go.Figure()
    figure.add_trace(go.Image(z=trace.image.values, hoverinfo="skip"))
    figure.add_trace(
        go.Heatmap(
            z=shares,
            zmin=0,
            colorscale=colorscale(),
            opacity=opacity,
            colorbar={"title": "share", "tickformat": ".1%"},
            hovertemplate="x %{x}, y %{y}: %{z:.2%}<extra></extra>",
        )
    )
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, autorange="reversed", scaleanchor="x")
    text = word if isinstance(word, str) else ", ".join(trace.words[i] for i in trace.tokens.find(word))
    return _titled(figure, f"Where “{_label(text)}” looks")


def ranking(trace: Trace, x: int, y: int, *, step: Choice = None, layer: Layers = None, most: int = 10) -> "Figure":
    """The words that drive the pixel (x, y), as bars, the strongest on top; at most `most`."""
    import plotly.graph_objects as go

    found = words_at(trace, x, y, step=step, layer=layer)[:most]
    figure = go.Figure(
        go.Bar(
            x=[one.share for one in found],
            y=[f"{_label(one.word)} ({one.index})" for one in found],  # a word may stand in the prompt twice
            orientation="h",
            marker_color=INK,
            hovertemplate="%{x:.2%}<extra></extra>",
        )
    )
    figure.update_xaxes(tickformat=".0%", title="share of the pixel's attention")
    figure.update_yaxes(autorange="reversed")
    return _titled(figure, f"Words at x {x}, y {y}")


def steps(trace: Trace) -> "Figure":
    """How much each step changed the predicted picture, relative to its own size: see `analysis.change`."""
    return _lines(trace, "Change", [("change", change(trace).values, INK)], "change from the step before")


def bands(trace: Trace, *, power: bool = False) -> "Figure":
    """From rough to fine: per frequency band, how alike the predicted picture is to the last one, step by step.

    power: the band's power instead, on a logarithmic axis. See `analysis.spectra`.
    """
    found = spectra(trace)
    values = found.power if power else found.agreement
    names = [f"{low:g} to {high:g} cycles" for low, high in zip(found.low.values, found.high.values, strict=True)]
    lines = [(name, values.values[:, i], f"#{BANDS[i % len(BANDS)]}") for i, name in enumerate(names)]
    figure = _lines(trace, "From rough to fine", lines, "power" if power else "likeness to the last step")
    if power:
        figure.update_yaxes(type="log", tickformat=None)
    return figure


def words_over_steps(trace: Trace, words: Sequence[str | int] | None = None) -> "Figure":
    """The mean share of attention that words draw over the steps. words: None for all that can be read."""
    from .analysis import word_maps

    indices = None if words is None else [i for i in trace.tokens.find(list(words)) if trace.tokens.positions(i)]
    maps = word_maps(trace, indices)
    means = maps.mean(("y", "x"))
    lines = [
        (f"{_label(str(text))} ({int(index)})", means.values[i], f"#{WORDS[i % len(WORDS)]}")
        for i, (text, index) in enumerate(zip(maps.coords["word"].values, maps.coords["index"].values, strict=True))
    ]
    return _lines(trace, "Words over the steps", lines, "mean share of attention")


def settling(trace: Trace) -> "Figure":
    """The step from which on each word's map stays as it is at the end: see `analysis.settled`."""
    import plotly.graph_objects as go

    found = settled(trace)
    names = [
        f"{_label(str(text))} ({int(index)})"
        for text, index in zip(found.coords["word"].values, found.coords["index"].values, strict=True)
    ]
    figure = go.Figure(go.Bar(x=found.values + 1, y=names, orientation="h", marker_color=INK))
    figure.update_xaxes(title="step", range=[0, trace.step_numbers[-1] + 1])
    figure.update_yaxes(autorange="reversed")
    return _titled(figure, "When each word settled")


def atlas_figure(atlas: "Atlas") -> "Figure":
    """A map of embeddings, in two or three axes; hovering reads an item and its nearest by true cosine.

    Colours and marks by kind, as in the view; words are written out where there are few.
    """
    import plotly.graph_objects as go

    axes = atlas.shape[1]
    names = [_label(str(label)) for label in atlas.labels]
    kinds = np.array([str(kind) for kind in atlas.kinds], object)
    marks = ("circle", "square", "triangle-up" if axes == 2 else "cross", "diamond")
    written = "markers+text" if len(atlas) <= _WRITTEN else "markers"
    # Many points of two axes are drawn by the graphics card; those of three always are.
    kind_of = go.Scatter3d if axes == 3 else go.Scatter if len(atlas) <= _DRAWN else go.Scattergl
    figure = go.Figure()
    for i, kind in enumerate(dict.fromkeys(kinds)):
        rows = np.flatnonzero(kinds == kind)
        words = (atlas.modalities[rows] == 0).all()
        figure.add_trace(
            kind_of(
                **_places(atlas, rows),
                name=_label(kind),
                mode=written if words else "markers",
                text=[names[row] for row in rows],
                textposition="middle right",
                customdata=[_nearest(atlas, int(row), names) for row in rows],
                hovertemplate="<b>%{text}</b><br>%{customdata}<extra></extra>",
                marker={
                    "color": f"#{WORDS[i % len(WORDS)]}",
                    "symbol": marks[i // len(WORDS) % len(marks)],
                    "size": 9 if len(atlas) <= 1000 else 4,
                    "line": {"width": 0.75 if len(atlas) <= 1000 else 0, "color": "rgba(0, 0, 0, 0.55)"},
                },
            )
        )
    for path in atlas.paths:
        line = {"color": INK, "width": 2}
        rows = np.array(path.rows, int)
        lines = go.Scatter3d if axes == 3 else go.Scatter
        figure.add_trace(
            lines(**_places(atlas, rows), name=_label(path.name), mode="lines", line=line, hoverinfo="skip")
        )
    titles = {f"{axis}axis": {"title": _label(title)} for axis, title in zip("xyz", atlas.axes, strict=False)}
    if axes == 3:
        figure.update_layout(scene=titles | {"aspectmode": "data"})
    else:
        figure.update_layout(**titles)
        if atlas.method != "axes":  # axes of one's own have units of their own
            figure.update_yaxes(scaleanchor="x")
    titled = _titled(figure, _label(f"{atlas.method} of {atlas.source}"))
    titled.update_layout(height=560)
    return titled


def _places(atlas: "Atlas", rows: np.ndarray) -> dict[str, np.ndarray]:
    return {axis: atlas.points[rows, i] for i, axis in enumerate("xyz"[: atlas.shape[1]])}


def _nearest(atlas: "Atlas", row: int, names: Sequence[str]) -> str:
    """The three nearest of an item; nothing where a map is too large to hold them."""
    pairs = zip(atlas.neighbours[row, :3], atlas.cosines[row, :3], strict=True)
    return "<br>".join(f"{names[int(one)]} {cosine:.2f}" for one, cosine in pairs)


def colorscale() -> list[list[Any]]:
    """The views' colours of heat, for any Plotly figure."""
    return [[i / (len(STOPS) - 1), f"#{stop}"] for i, stop in enumerate(STOPS)]


def _lines(trace: Trace, title: str, lines: Sequence[tuple[str, np.ndarray, str]], unit: str) -> "Figure":
    import plotly.graph_objects as go

    at = [number + 1 for number in trace.step_numbers]
    figure = go.Figure(
        [
            go.Scatter(x=at, y=values, name=name, mode="lines", line={"color": colour, "width": 2})
            for name, values, colour in lines
        ]
    )
    figure.update_xaxes(title="step")
    figure.update_yaxes(title=unit, tickformat=".0%", rangemode="tozero")
    figure.update_layout(showlegend=len(lines) > 1)
    return _titled(figure, title)


def _titled(figure: "Figure", title: str) -> "Figure":
    figure.update_layout(title=title, template="plotly_white", margin={"l": 40, "r": 20, "t": 50, "b": 40}, height=420)
    return figure


def _label(text: str) -> str:
    """Plotly reads some HTML in labels; a word is none."""
    import html

    return html.escape(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")
