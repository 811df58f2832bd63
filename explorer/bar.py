"""A run that shows how far it is, in a terminal or under a cell."""

from typing import TYPE_CHECKING, Any

from tqdm.auto import tqdm

from .runs import Progress
from .trace import Trace

if TYPE_CHECKING:
    from .live import Live


def generate(ex: "Live", prompt: str, **settings: Any) -> Trace:
    """`ex.generate` with a progress bar; settings that are None are left to the model."""
    with tqdm(desc="Recording", leave=False) as bar:

        def tell(progress: Progress, picture: object) -> None:
            bar.total = progress.steps
            bar.update(progress.step - bar.n)

        given = {name: value for name, value in settings.items() if value is not None}
        return ex.generate(prompt, tell=tell, **given)
