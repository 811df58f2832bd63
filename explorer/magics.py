"""`%load_ext explorer`: a cell's text as a prompt, without a line of Python."""

import re
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments

from .bar import generate
from .runs import sentence
from .trace import Trace

if TYPE_CHECKING:
    from .session import Explorer

# An option with its value, which may stand in quotes; or a word of the prompt. A shell's rules would not do: in
# "a child's toy" they wait for a second quote.
_PARTS = re.compile(r"""--([\w-]+)(?:\s*=\s*|\s+)("[^"]*"|'[^']*'|\S+)|(\S+)""")


@magics_class
class PromptMagics(Magics):
    """The magics `%prompt` and `%%prompt`; both run on one Explorer, which is made when it is first needed."""

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self._names: dict[str, Any] = shell.user_ns
        self._explorer: Explorer | None = None

    @line_cell_magic
    @magic_arguments()
    @argument("--seed", type=int, help="the noise that the picture comes out of; a fresh one if left out")
    @argument("--steps", type=int, help="denoising steps; the model's usual if left out")
    @argument("--guidance", type=float, help="how strongly the prompt pulls; 1 is not at all")
    @argument("--negative", help="what the picture should not show, in quotes")
    @argument(
        "--model", help="a name, as explorer.load takes it, or a variable that holds an Explorer; it stays in use"
    )
    @argument("--save", help="a file to write the trace to")
    @argument("--name", help="a variable to put the trace into")
    def prompt(self, line: str, cell: str | None = None) -> Trace:
        """Run a prompt and explore what each word of it did.

        The prompt is the cell's text, below the options, or stands in the line itself:

            %%prompt --seed 7 --name bear
            a photograph of a blue teddy bear in rainy weather

            %prompt --seed 7 a red castle in the snow

        Without `--model` the miniature is used, which needs no download and no GPU.
        """
        options, words = self._split(line)
        if cell is not None and words:
            raise UsageError(f"%%prompt does not know {words[0]!r}: write the prompt below it, from the next line on.")
        text = " ".join(words) if cell is None else " ".join(cell.split())
        if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
            text = text[1:-1]
        if not text:
            raise UsageError("There is no prompt: write it after %prompt, or below %%prompt in the same cell.")
        if options.name is not None and not options.name.isidentifier():
            raise UsageError(f"--name is {options.name!r}, expected a variable's name, such as bear.")
        try:
            trace = generate(
                self._use(options.model),
                text,
                seed=options.seed,
                steps=options.steps,
                guidance=options.guidance,
                negative_prompt=options.negative,
            )
            if options.save is not None:
                trace.save(options.save)
        except Exception as error:
            raise UsageError(sentence(error)) from error
        if options.name is not None:
            self._names[options.name] = trace
        return trace

    def _split(self, line: str) -> tuple[Any, list[str]]:
        """The options, and the words that are none."""
        given, words = [], []
        for name, value, word in _PARTS.findall(line):
            if name:
                plain = value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value
                given.append(f"--{name}={plain}")
            elif word.startswith("--"):  # without a value; argparse says so
                given.append(word)
            else:
                words.append(word)
        magic: Any = self.prompt
        return magic.parser.parse_args(given), words

    def _use(self, model: str | None) -> "Explorer":
        """The Explorer in use; another one from now on if `model` asks for it."""
        from .session import Explorer, load

        own = None if model is None else self._names.get(model)
        if isinstance(own, Explorer):
            self._explorer = own
        elif self._explorer is None or model not in (None, self._explorer.model):
            self._explorer = None  # two large models at once might not fit into memory
            self._explorer = load() if model is None else load(model)
        return self._explorer


def load(shell: Any) -> None:
    """Make the magics known to an IPython shell."""
    shell.register_magics(PromptMagics)
