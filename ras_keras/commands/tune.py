"""Search a space of recipes."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated

from ras_keras.backend.devices import leave_gpus
from ras_keras.backend.imports import import_modules
from ras_keras.cluster.jobs import Executor, Job
from ras_keras.cluster.ray_cluster import executor
from ras_keras.cluster.resources import Workers
from ras_keras.commands.line.fields import Folder, Name, Shown
from ras_keras.commands.line.flags import parse_with_recipe, value_of
from ras_keras.commands.line.moved_flags import given_flags
from ras_keras.commands.runs.ending import print_result
from ras_keras.errors import UserError
from ras_keras.recipes.starts import to_flags
from ras_keras.text.flags import flag
from ras_keras.text.numbers import counted
from ras_keras.training import RECIPES, Interrupted, Recipe, RunFolder, train_here
from ras_keras.tuning.check import check_search
from ras_keras.tuning.make_space import make_space
from ras_keras.tuning.search import Algorithm, Outcome, Search, default_name, usual_algorithm
from ras_keras.tuning.space import describe
from ras_keras.tuning.trials import row_accuracy
from ras_keras.values.options import split
from ras_keras.values.typed import Bounds, That

# The run that --train-best makes, in the folder of the search.
BEST = "best"


def one_folder(name: str) -> bool:
    return name == Path(name).name


@dataclass(frozen=True)
class Tune:
    """Search recipes for the best accuracy on held-out training images.

    Without flags: k from 1 to 4. The flags of a recipe are those of every trial; --epochs,
    --schedule and --training-images shorten the trials, and the best recipe is then that of full
    length. The same command goes on with a search that was stopped, in any way.
    """

    recipe: Recipe = field(default_factory=lambda: RECIPES["paper"])
    search: tuple[Name, ...] = ("k",)
    """What to vary: learning_rate, weight_decay, weights_rate, batch_size, depth, attention,
    cutout, label_smoothing, or an option of the attention or the model, such as k, connection,
    normalize_input, gamma_initializer, widen_factor."""
    space: tuple[Annotated[str, Shown("NAME=VALUES")], ...] = ()
    """Values of what is searched, such as k=1,2 attention=ras:shared=False,se, or ranges, such as
    learning_rate=0.01:0.2:log batch_size=32:256; the usual ones have values of their own."""
    algorithm: Algorithm | None = None
    """How trials are chosen; None is grid for up to 16 points, else bayesian."""
    trials: Annotated[int, Bounds(1, 1_000_000)] | None = None
    """Trials in all; more go on with a finished search. None is every point of a grid, every round
    of hyperband, else 10."""
    seeds: Annotated[int, Bounds(1, 1_000)] = 1
    """Trainings of each trial, with the recipe's seed, the next one, ...; the mean counts."""
    train_best: bool = False
    """Train the best recipe at full length at the end."""
    log_dir: Folder = "Logs"
    """Folder of the search's folder."""
    name: Annotated[str, That(one_folder, "the name of one folder"), Shown("NAME")] | None = None
    """Name of the search's folder; None makes one from the recipe and the space."""
    cluster: Workers = field(default_factory=Workers)


def main(arguments: Sequence[str], program: str) -> None:
    options = parse_with_recipe(Tune, arguments, program)
    options.cluster.check()
    try:
        if options.cluster.several:
            leave_gpus()
        search = _plan(options, arguments)
        # Brings keras-tuner and gRPC.
        from ras_keras.tuning.running import run_search

        with executor(options.cluster) as running:
            outcome = run_search(search, running)
            _print_outcome(search, outcome, program)
            if options.train_best:
                _train(search, outcome, running)
    except (Interrupted, KeyboardInterrupt) as error:
        raise Interrupted(f"{str(error) or 'SIGINT'}; the same command goes on") from error


def _plan(options: Tune, arguments: Sequence[str]) -> Search:
    given = {name for name, _ in given_flags(arguments)}
    for name in options.search:
        for each in (name, f"no_{name}"):
            if each in given:
                raise UserError(
                    f"{flag(each)} fixes what --search {name} varies; leave one of them out, or "
                    f"narrow the search by --space {name}=VALUES."
                )
        for each in ("--model", "--attention", "--aggregation"):
            text = value_of(each, arguments)
            if text is not None and name in split(text)[1]:
                raise UserError(
                    f"{each} {text} fixes what --search {name} varies; leave one of them out."
                )
    import_modules(options.recipe.network.imports)
    space = make_space(options.recipe, options.search, options.space)
    algorithm = options.algorithm or usual_algorithm(space)
    path = Path(options.log_dir, options.name or default_name(space, options.seeds))
    search = Search(space, algorithm, options.trials, path, options.seeds)
    check_search(search)
    return search


def _print_outcome(search: Search, outcome: Outcome, program: str) -> None:
    row = outcome.row
    print(
        f"best     {describe(outcome.values)}: held-out accuracy {row_accuracy(row)} "
        f"(trial {row['trial']}, {counted(row['epochs'], 'epoch')})"
    )
    if outcome.doubt:
        remedy = "; --seeds 3 measures it" if search.seeds == 1 else ""
        print(f"notice   {outcome.doubt}{remedy}")
    print(f"trials   {search.file('trials.csv')}, {search.file('search.png')}")
    print(f"recipe   {search.file('best_recipe.json')}")
    where = ["--log-dir", str(search.path), "--name", BEST]
    flags = shlex.join([*to_flags(outcome.recipe), *where])
    print(f"train it {program.replace('tune', 'train')} {flags}", flush=True)


def _train(search: Search, outcome: Outcome, running: Executor) -> None:
    run = search.file(BEST)
    running.start(Job(BEST, partial(train_here, outcome.recipe, run), search.file(f"{BEST}.log")))
    _, result = running.wait()
    print_result(result(), RunFolder(run))
