"""What a search varies, and the recipe at each of its points."""

import dataclasses
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ras_keras.errors import UserError
from ras_keras.layers.registry import ATTENTION, NONE
from ras_keras.training.recipe import ATTENTION_OPTIONS, Recipe, attention_options, one_of
from ras_keras.tuning.domains import Choices, Domain, parse_domain

DEFAULTS = {
    "k": "1,2,3,4",
    "connection": "batch_norm,rational,tanh,relu,none",
    "normalize_input": "true,false",
    "gamma_initializer": "0,0.01,0.1,0.3",
    "learning_rate": "0.01:0.3:log",
    "weight_decay": "1e-5:1e-3:log",
    "batch_size": "32,64,128,256",
    "depth": "20,56,83,164",
    "attention": "",
    "cutout": "0,8,16",
    "label_smoothing": "0,0.05,0.1",
}
DEPTHS = {"wrn": "16,28,40,52", "resnext": "29,56,101"}


@dataclass(frozen=True)
class Space:
    """The searched fields of a recipe, with their values or ranges.

    A field that belongs to the attention (k, connection, ...) is varied at the attentions that
    take it, and absent from the points of the others.

    Attributes:
        fixed: the recipe that all points share.
        domains: of each searched field, "attention" first.
    """

    fixed: Recipe
    domains: dict[str, Domain]

    @property
    def attentions(self) -> tuple[str, ...]:
        """Those that occur."""
        return self._points_of("attention") or (self.fixed.attention,)

    def takers(self, name: str) -> tuple[str, ...]:
        """The attentions at which a field is varied."""
        if name not in ATTENTION_OPTIONS:
            return self.attentions
        return tuple(each for each in self.attentions if name in attention_options(each))

    def is_finite(self) -> bool:
        return all(isinstance(domain, Choices) for domain in self.domains.values())

    def points(self) -> Iterator[dict]:
        """The points of a grid."""
        for attention in self.attentions:
            searched = {"attention": attention} if "attention" in self.domains else {}
            names = self._names_at(attention)
            for values in itertools.product(*map(self._points_of, names)):
                yield searched | dict(zip(names, values, strict=True))

    def size(self) -> int:
        """How many points a grid has."""
        return sum(
            math.prod(len(self._points_of(name)) for name in self._names_at(attention))
            for attention in self.attentions
        )

    def declare(self, hp) -> None:
        """Makes the searched fields hyperparameters of keras-tuner's."""
        for name, domain in self.domains.items():
            if name in ATTENTION_OPTIONS and "attention" in self.domains:
                with hp.conditional_scope("attention", list(self.takers(name))):
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

    def holds(self, values: dict) -> bool:
        """Whether keras-tuner's values are a point of this space."""
        attention = values.get("attention", self.fixed.attention)
        names = [name for name in self.domains if name == "attention" or name in values]
        return {*self._names_at(attention)} <= {*values} and all(
            name in values and self.domains[name].holds(values[name]) for name in names
        )

    def recipe(self, values: dict) -> Recipe:
        """The recipe at a point."""
        recipe = self.fixed
        if "attention" in values:
            recipe = recipe.with_attention(values["attention"])
            taken = attention_options(recipe.attention)
            left_out = [option for option in ATTENTION_OPTIONS if option not in taken]
            recipe = dataclasses.replace(recipe, **dict.fromkeys(left_out))
        return dataclasses.replace(recipe, **values)

    def to_dict(self) -> dict:
        return {name: str(domain) for name, domain in self.domains.items()}

    def _points_of(self, name) -> tuple:
        return self.domains[name].points() if name in self.domains else ()

    def _names_at(self, attention) -> list[str]:
        return [
            name for name in self.domains if name != "attention" and attention in self.takers(name)
        ]


def make_space(fixed: Recipe, search: Sequence[str], narrowed: Sequence[str]) -> Space:
    """The space that flags describe.

    Args:
        fixed: the recipe that all points share.
        search: names of the fields to vary.
        narrowed: such as "k=1,2" and "learning_rate=0.01:0.2:log"; what is not named has the
            values of `DEFAULTS`.

    Raises:
        UserError: for what is empty, unknown or contradictory.
    """
    if not search:
        raise UserError(f"--search names nothing; name some of {', '.join(DEFAULTS)}.")
    for name in search:
        one_of("--search", name, DEFAULTS)
    texts = DEFAULTS | {
        "depth": DEPTHS.get(fixed.model, DEFAULTS["depth"]),
        "attention": ",".join((NONE, *ATTENTION)),
    }
    given = {}
    for each in narrowed:
        name, equals, text = each.partition("=")
        if not equals:
            raise UserError(f"--space {each} says no values; write {each}=A,B or {each}=LOW:HIGH.")
        one_of("--space", name, DEFAULTS)
        if name not in search:
            raise UserError(
                f"--space {each} says nothing, for {name} is not searched; name it by --search "
                f"{' '.join((*search, name))}."
            )
        if name in given:
            raise UserError(f"--space names {name} twice ({given[name]} and {text}); name it once.")
        given[name] = text
    # The attention comes first: others depend on it.
    names = sorted(dict.fromkeys(search), key=lambda name: name != "attention")
    space = Space(fixed, {name: parse_domain(name, (texts | given)[name]) for name in names})
    flag = "--space attention" if "attention" in names else "--attention"
    for name in space.attentions:
        one_of(flag, name, (NONE, *ATTENTION))
    for name in names:
        if not space.takers(name):
            raise UserError(
                f"--search {name} says nothing to --attention {', '.join(space.attentions)}; "
                f"it belongs to {_takers(name)}."
            )
    return space


def _takers(name) -> str:
    return ", ".join(each for each in ATTENTION if name in attention_options(each))


def describe(values: dict) -> str:
    """Such as "k=2, learning_rate=0.03"."""
    return ", ".join(f"{name}={value}" for name, value in values.items())
