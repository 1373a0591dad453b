"""What a search varies, and the recipe at each of its points."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ras_keras.models.aggregation.registry import aggregation_kinds
from ras_keras.recipes.network import attention_kinds, model_kinds
from ras_keras.recipes.recipe import Recipe
from ras_keras.recipes.starts import with_attention
from ras_keras.tuning.domains import Choices, Domain
from ras_keras.values.options import name_of, with_options
from ras_keras.values.text import ANY

# Fields of a recipe that a search may vary, and their values; those of attention are all there are.
FIELDS = {
    "learning_rate": "0.01:0.3:log",
    "weight_decay": "1e-5:1e-3:log",
    "weights_rate": "0.1,0.3,1",
    "batch_size": "32,64,128,256",
    "depth": "20,56,83,164",
    "attention": "",
    "aggregation": "none,rla",
    "cutout": "0,8,16",
    "label_smoothing": "0,0.05,0.1",
}


@dataclass(frozen=True)
class Space:
    """The searched fields and options of a recipe, with their values or ranges.

    An option of the attention (k, connection, ...) is varied at the attentions that take it, and
    absent from the points of the others.

    Attributes:
        fixed: the recipe that all points share.
        domains: of each searched field or option, "attention" first.
    """

    fixed: Recipe
    domains: dict[str, Domain]

    @cached_property
    def attentions(self) -> dict[str, dict[str, type]]:
        """The options of each attention that occurs, by its text."""
        texts = (self.fixed.network.attention,)
        if "attention" in self.domains:
            texts = self.domains["attention"].points()
        return {text: attention_kinds(name_of(text)) for text in texts}

    @cached_property
    def options(self) -> dict[str, dict[str, type]]:
        """The options that may be varied, of each part of the network that has some."""
        network = self.fixed.network
        of_attention: dict[str, type] = {}
        for kinds in self.attentions.values():
            of_attention = kinds | of_attention
        return {
            "attention": of_attention,
            "model": model_kinds(network.family),
            "aggregation": aggregation_kinds(network.aggregation_name),
        }

    def owners(self, name: str) -> list[str]:
        """The parts of the network that have an option of this name: one, or none for a field."""
        return [part for part, kinds in self.options.items() if takes(kinds, name)]

    def takers(self, name: str) -> list[str]:
        """The attentions at which a field or an option is varied."""
        every = "attention" not in self.owners(name)
        return [text for text, kinds in self.attentions.items() if every or takes(kinds, name)]

    def points(self) -> Iterator[dict]:
        """The points of a grid."""
        for grid in self._grids():
            for values in itertools.product(*grid.values()):
                yield dict(zip(grid, values, strict=True))

    def grid_size(self) -> int:
        """How many points a grid has."""
        return sum(math.prod(map(len, grid.values())) for grid in self._grids())

    def size(self) -> float:
        """How many points there are, infinitely many in a range."""
        finite = all(isinstance(domain, Choices) for domain in self.domains.values())
        return self.grid_size() if finite else math.inf

    def declare(self, hp) -> None:
        """Makes the searched fields hyperparameters of keras-tuner's."""
        for name, domain in self.domains.items():
            if "attention" in self.domains and "attention" in self.owners(name):
                with hp.conditional_scope("attention", self.takers(name)):
                    domain.declare(hp, name)
            else:
                domain.declare(hp, name)

    def values(self, proposed: dict) -> dict:
        """The searched values among keras-tuner's, as a recipe takes them."""
        return {
            name: domain.settle(proposed[name])
            for name, domain in self.domains.items()
            if name in proposed
        }

    def recipe(self, values: dict) -> Recipe:
        """The recipe at a point."""
        recipe, values = self.fixed, dict(values)
        if "attention" in values:
            recipe = with_attention(recipe, values.pop("attention"))
        for part, kinds in self.options.items():
            options = {name: values.pop(name) for name in [*values] if takes(kinds, name)}
            text = values.get(part, getattr(recipe.network, part))
            values[part] = with_options(text, **options)
        return recipe.replace(**values)

    def to_dict(self) -> dict[str, str]:
        return {name: str(domain) for name, domain in self.domains.items()}

    def _grids(self) -> Iterator[dict[str, tuple]]:
        """The points of each searched value, for one attention after another."""
        for attention in self.attentions:
            grid = {
                name: domain.points()
                for name, domain in self.domains.items()
                if attention in self.takers(name)
            }
            yield grid | ({"attention": (attention,)} if "attention" in grid else {})


def takes(kinds: dict[str, type], name: str) -> bool:
    """Whether what has these options has one of this name; a field of a recipe is none."""
    return name not in FIELDS and (name in kinds or ANY in kinds)


def describe(values: dict) -> str:
    """Such as "k=2, learning_rate=0.03"."""
    return ", ".join(f"{name}={value}" for name, value in values.items())
