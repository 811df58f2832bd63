"""The command `prompt-explorer`."""

from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def main() -> None:
    """See what a text-to-image model does with each word of a prompt."""


@app.command()
def truth(
    pictures: Annotated[int, typer.Option(min=1, help="Drawings to measure on; training showed none of them.")] = 200,
) -> None:
    """Compare the miniature's heat maps with the true masks of the drawn world, subject by subject."""
    # Imported here: `prompt-explorer --help` should not wait for torch.
    from .errors import ExplorerError
    from .scorecard import attention_truth, unseen
    from .session import load

    try:
        typer.echo(str(attention_truth(load(), unseen(pictures))))
    except ExplorerError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


if __name__ == "__main__":
    app()
