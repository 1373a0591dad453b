"""How much of a table is run."""

from dataclasses import dataclass

from ras_keras.errors import Argument, ArgumentError, UserError
from ras_keras.models.registry import MODELS
from ras_keras.recipes.recipe import Recipe, kind_of
from ras_keras.values.choices import one_of
from ras_keras.values.field_checks import check_value

TRAINING_IMAGES = {"cifar10": 50_000, "cifar100": 50_000, "stl10": 5_000}


@dataclass(frozen=True)
class Scale:
    """What makes a table smaller than published; None is as published.

    Attributes:
        depth: of every network.
        epochs: of every run; the schedule shrinks with them.
        fraction: of the training images, in (0, 1].
        batch_size: images a step.
    """

    depth: int | None = None
    epochs: int | None = None
    fraction: float = 1.0
    batch_size: int | None = None

    def check(self, models: set[str]) -> None:
        """Refuses a scale that no run can have.

        Args:
            models: keys of `MODELS` that the table has.

        Raises:
            UserError: naming the argument.
        """
        for name in ("depth", "epochs", "batch_size"):
            if getattr(self, name) is not None:
                check_value(name, getattr(self, name), kind_of(name))
        if not 0 < self.fraction <= 1:
            raise UserError(
                Argument("fraction"), f" must be in (0, 1]. Received: {self.fraction:g}"
            )
        for model in sorted(models) if self.depth is not None else ():
            try:
                MODELS[model].depths({}).check(self.depth)
            except ArgumentError as error:
                depth, problem = error.args
                raise UserError(depth, f" for {model}", problem) from error

    def __bool__(self) -> bool:
        return self != FULL

    def __str__(self) -> str:
        """Such as "depth 11, 5 epochs, 20 % of the training images"."""
        parts = {
            f"depth {self.depth}": self.depth,
            f"{self.epochs} epoch{'s' if self.epochs != 1 else ''}": self.epochs,
            f"{100 * self.fraction:g} % of the training images": self.fraction < 1,
            f"batches of {self.batch_size}": self.batch_size,
        }
        return ", ".join(text for text, given in parts.items() if given) or "full length"

    @property
    def suffix(self) -> str:
        """Such as "-depth11-epochs5-fraction0.2", for names of folders; "" at full length."""
        parts = {
            f"-depth{self.depth}": self.depth,
            f"-epochs{self.epochs}": self.epochs,
            f"-fraction{self.fraction:g}": self.fraction < 1,
            f"-batch{self.batch_size}": self.batch_size,
        }
        return "".join(text for text, given in parts.items() if given)

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe of one run at this scale.

        Raises:
            UserError: for a fraction that leaves no image.
        """
        changes = {}
        if self.depth is not None:
            changes["depth"] = self.depth
        if self.batch_size is not None:
            changes["batch_size"] = self.batch_size
        if self.epochs is not None:
            scaled = recipe.optimization.scaled(self.epochs)
            changes |= {"epochs": scaled.epochs, "schedule": scaled.schedule}
        if self.fraction < 1:
            changes["training_images"] = round(self.fraction * TRAINING_IMAGES[recipe.data.dataset])
            if changes["training_images"] < 1:
                raise UserError(
                    Argument("fraction", self.fraction),
                    f" leaves no image of {recipe.data.dataset}; raise it.",
                )
        return recipe.replace(**changes)


FULL = Scale()


def check_datasets(names: tuple[str, ...]) -> None:
    """Refuses data sets that the papers do not have, and none at all.

    Raises:
        UserError: listing those that they have.
    """
    for name in names:
        one_of(Argument("datasets"), name, TRAINING_IMAGES)
    if len({*names}) < len(names) or not names:
        raise UserError(
            Argument("datasets"), f" must name {', '.join(TRAINING_IMAGES)}, each at most once."
        )
