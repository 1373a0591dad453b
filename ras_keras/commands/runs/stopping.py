"""What a command that trains does when it is stopped."""

import contextlib
import shlex
from collections.abc import Callable, Iterator

from ras_keras.backend.processes import is_first, part
from ras_keras.commands.interruption import leaving_at_once
from ras_keras.training import Interrupted, RunFolder


@contextlib.contextmanager
def stoppable(clean_up: Callable[[], str]) -> Iterator[None]:
    """Cleans up after a signal, and after an error.

    Args:
        clean_up: returns what the user is told behind "stopped by SIGINT", such as how to go on.

    Raises:
        Interrupted: with that, for a signal.
    """
    with leaving_at_once(clean_up):
        try:
            yield
        except BaseException as error:
            hint = clean_up()
            if hint and isinstance(error, Interrupted | KeyboardInterrupt):
                raise Interrupted(f"{str(error) or 'SIGINT'}{hint}") from error
            raise


@contextlib.contextmanager
def stoppable_run(run: RunFolder, program: str, *, goes_on: bool) -> Iterator[None]:
    """Removes a new run that is stopped before it has begun; says how another goes on.

    Args:
        run: in which the command trains.
        program: how the user called it.
        goes_on: whether the run was there before.
    """

    def clean_up() -> str:
        if not is_first():
            return ""
        if not goes_on and not run.has_begun():
            run.discard()
            return ""
        again = f"{program} --resume {shlex.quote(str(run.path))}"
        if part()[1] > 1:
            again = f"starting the {part()[1]} processes anew, each as {again}"
        return f"; go on, with the epoch under way done again, by: {again}"

    with stoppable(clean_up):
        yield
