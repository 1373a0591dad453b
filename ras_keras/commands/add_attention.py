"""Put attention into a saved model."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ras_keras.commands.line.fields import File, Model
from ras_keras.commands.line.flags import parse
from ras_keras.commands.new_model import check_new_model
from ras_keras.errors import Argument, ArgumentError, UserError, first_line
from ras_keras.insertion import ResidualAddition, add_attention, find_residual_branches
from ras_keras.insertion.add_attention import Start
from ras_keras.layers.registry import NONE
from ras_keras.outputs.class_names import read_class_names, save_model
from ras_keras.pretrained import written_as
from ras_keras.recipes.network import NetworkRecipe
from ras_keras.recipes.values import in_recipe
from ras_keras.runs.trained_model import TrainedModel
from ras_keras.text.numbers import counted
from ras_keras.training.plan import trainable_parameters


@dataclass(frozen=True)
class AddAttention:
    """Put attention into a saved model, a layer in each residual branch; its weights are kept.

    A functional model of any origin, such as one of keras.applications, saved as .keras.
    """

    model: Model
    """Saved .keras model, a run folder, whose best.keras is taken, or a model of the package by its
    name."""
    attention: str = "ras"
    """A name, with options if any: ras:k=3."""
    where: tuple[str, ...] = ()
    """Layers that attention stands behind, instead of the residual branches: patterns of names such
    as "conv4_block*_concat"."""
    start: Start = "identity"
    """identity: the new model computes at first what the old one does; published: the attention's
    own start."""
    output: File | None = None
    """The new .keras file; None writes it beside the model, as MODEL-ATTENTION.keras."""
    imports: tuple[str, ...] = ()
    """Python modules to import first: they register layers of your own."""
    dry_run: bool = False
    """List the additions of the model with their branches; nothing is written."""


def main(arguments: Sequence[str], program: str) -> None:
    options = parse(AddAttention, arguments, program)
    network = NetworkRecipe(attention=options.attention, imports=options.imports)
    trained = TrainedModel.find(options.model)
    if network.attention_name == NONE:
        raise UserError(Argument("attention", NONE), " adds nothing; name one, such as ras.")
    if trained.path.suffix != ".keras":
        raise UserError(f"{trained.path} is no .keras file; name one, or a run folder.")
    written = written_as(trained.path)
    output = Path(options.output or written.with_stem(_stem(written, network)))
    if not options.dry_run:
        check_new_model(output)
    model = trained.load(options.imports)
    attention, config = network.attention_arguments()
    with warnings.catch_warnings(record=True) as notices:
        warnings.simplefilter("always")
        try:
            additions = find_residual_branches(model)
            where = [*options.where] or None
            if options.dry_run and where is None:
                _list(additions)
                if not any(each.left_out is None for each in additions):
                    return
            made = add_attention(model, attention, config, where, options.start)
        except ValueError as error:
            raise UserError(*_said(error, network)) from error
    for notice in notices:
        if notice.category is UserWarning:
            print(f"notice   {notice.message}")
    before, after = map(trainable_parameters, (model, made))
    would = "would add" if options.dry_run else "added   "
    print(f"{would} {options.attention}, {after - before:,} trainable parameters to {before:,}")
    if options.dry_run:
        return
    save_model(output, made, read_class_names(trained.path))
    print(f"model    {output}")


def _stem(path: Path, network: NetworkRecipe) -> str:
    return f"{path.stem}-{network.attention_name}"


def _said(error: ValueError, network: NetworkRecipe) -> list:
    """The message of an error, whose arguments are flags or options of the attention."""
    if not isinstance(error, ArgumentError):
        return [first_line(error)]
    own = error.args[0].name in ("where", "start")
    return [*(error.args if own else in_recipe(error, network))]


def _list(additions: list[ResidualAddition]) -> None:
    for each in additions:
        print(each)
    branches = sum(each.left_out is None for each in additions)
    print(f"{branches} of {counted(len(additions), 'addition')} with a residual branch")
