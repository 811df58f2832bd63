"""The command `prompt-explorer`."""

import contextlib
import re
import tempfile
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

# Whatever takes long to import is imported where it is used: `prompt-explorer --help` should not wait for torch.
from .errors import ExplorerError, InvalidSetting, TraceFileError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Traces = Annotated[list[Path], typer.Argument(help="Files that `record` or `trace.save` wrote.", show_default=False)]
SIGNS = {"good": "ok", "missing": "--", "bad": "!!"}


@app.callback()
def main() -> None:
    """See what a text-to-image model does with each word of a prompt."""


@app.command()
def record(
    prompt: Annotated[str, typer.Argument(help="What to draw, in quotes.", show_default=False)],
    out: Annotated[Path | None, typer.Option(help="The file to write; else named by the prompt and the seed.")] = None,
    model: Annotated[
        str, typer.Option(help="The miniature, a folder, or owner/model of the Hugging Face hub.")
    ] = "miniature",
    seed: Annotated[int | None, typer.Option(help="Of the noise; a fresh one if left out.")] = None,
    steps: Annotated[int | None, typer.Option(help="The model's usual if left out.")] = None,
    guidance: Annotated[float | None, typer.Option(help="1 is none; the model's usual if left out.")] = None,
    negative: Annotated[str | None, typer.Option(help="What the picture should not show.")] = None,
    width: Annotated[int | None, typer.Option(help="In pixels.")] = None,
    height: Annotated[int | None, typer.Option(help="In pixels.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda or mps; a GPU where there is one.")] = None,
) -> None:
    """Draw a picture, watch what each word does, and save the trace."""
    from .bar import generate
    from .runs import sentence
    from .session import load

    with _sentences():
        if out is not None and not out.expanduser().parent.is_dir():
            raise TraceFileError(f"There is no folder {out.parent}: make it, or choose another place.")
        ex = load(model, device=device)
        settings = {"seed": seed, "steps": steps, "guidance": guidance, "negative_prompt": negative}
        try:
            trace = generate(ex, prompt, width=width, height=height, **settings)
        except Exception as error:
            raise ExplorerError(sentence(error)) from error
        path = trace.save(out or Path(f"{_slug(prompt)}-{trace.settings.seed}"))
    typer.echo(f"{path}: {trace!r}")


@app.command()
def show(
    files: Traces,
    text: Annotated[bool, typer.Option("--text", help="Print a summary instead.")] = False,
) -> None:
    """Open the views of some traces in the browser, on a page that needs no network; or print a summary."""
    from .storage import open_trace

    with _sentences():
        traces = [open_trace(file) for file in files]
        if text:
            from .views.preview import preview_text

            for trace in traces:
                typer.echo("\n".join(_plain(line, 400) for line in preview_text(trace).splitlines()))
            return
        from .views.page import write_page

        page = write_page(Path(tempfile.mkdtemp(prefix="prompt-explorer-")) / "traces.html", traces)
        if webbrowser.open(page.as_uri()):
            typer.echo(str(page))
        else:
            typer.echo(f"There is no browser here: open {page} yourself, or add --text.")


@app.command()
def export(
    files: Traces,
    to: Annotated[Path, typer.Argument(help=".html, .png, .webp, .jpg, .npz, .csv or .json", show_default=False)],
    word: Annotated[str | None, typer.Option(help="For pictures: lay the heat map of this word over it.")] = None,
) -> None:
    """Write a trace as an offline page, a picture, heat maps as arrays or as a table, or its settings."""
    from .export import export as write
    from .storage import open_trace

    with _sentences():
        typer.echo(str(write([open_trace(file) for file in files], to, word=word)))


@app.command("list")
def list_traces(
    folder: Annotated[Path, typer.Argument(help="The folder to look into.")] = Path(),
) -> None:
    """List the traces of a folder; reads only their headers, so large files cost nothing."""
    from .storage import SUFFIX, read_settings

    with _sentences():
        if not folder.expanduser().is_dir():
            raise InvalidSetting(f"There is no folder {folder}: name one that holds traces.")
    rows = []
    for path in sorted(folder.expanduser().glob(f"*{SUFFIX}")):
        name = _plain(path.name.removesuffix(SUFFIX), 60)
        try:
            s = read_settings(path)
        except ExplorerError as error:
            rows.append((name, "", "", "", "", _plain(str(error), 200)))
            continue
        numbers = (str(s.seed), str(s.steps), f"{s.guidance:g}", f"{s.width} x {s.height}")
        rows.append((name, *numbers, f"{_plain(s.prompt, 100)}  [{_plain(s.model, 60)}]"))
    if not rows:
        typer.echo(f"There is no trace in {folder.resolve()}: make one with `prompt-explorer record`.")
        return
    table = [("file", "seed", "steps", "guidance", "size", "prompt  [model]"), *rows]
    widths = [max(len(row[i]) for row in table) for i in range(5)]
    for row in table:
        typer.echo("  ".join([*(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)), row[5]]))


@app.command()
def truth(
    pictures: Annotated[int, typer.Option(min=1, help="Drawings to measure on; training showed none of them.")] = 200,
) -> None:
    """Compare the miniature's heat maps with the true masks of the drawn world, subject by subject."""
    from .scorecard import attention_truth, unseen
    from .session import load

    with _sentences():
        typer.echo(str(attention_truth(load(), unseen(pictures))))


@app.command()
def doctor() -> None:
    """Print versions, devices, missing extras and the state of JupyterLab's extensions, and what to do."""
    from .doctor import examine

    part, todos, bad = "", [], False
    for one in examine():
        if one.part != part:
            part = one.part
            typer.echo(part)
        typer.echo(f"  {SIGNS[one.state]}  {one.text}")
        bad |= one.state == "bad"
        if one.todo:
            todos.append(f"  {one.text}: {one.todo}")
    if todos:
        typer.echo("\n".join(["What to do", *todos]))
    typer.echo("Something has to be put right first." if bad else "Everything that is needed is there.")
    if bad:
        raise typer.Exit(1)


@contextlib.contextmanager
def _sentences() -> Iterator[None]:
    """What goes wrong is one sentence on the error output."""
    try:
        yield
    except ExplorerError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def _plain(text: str, longest: int) -> str:
    """A text from a file, without what a terminal obeys: escapes, line ends, changes of direction."""
    short = text if len(text) <= longest else text[: longest - 1] + "…"
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in short)


def _slug(prompt: str) -> str:
    """A file's name made of a prompt: a few of its words, whatever else it holds."""
    words = re.findall(r"\w+", prompt.lower())
    return "-".join(words)[:50].strip("-") or "trace"


if __name__ == "__main__":
    app()
