"""What a search varies, and the recipe at each of its points."""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ras_keras.errors import Argument, UserError
from ras_keras.layers.registry import ATTENTION, NONE
from ras_keras.models.aggregation.registry import aggregation_kinds
from ras_keras.recipes.network import (
    NetworkRecipe,
    attention_kinds,
    family_of,
    model_kinds,
)
from ras_keras.recipes.recipe import Recipe, kind_of
from ras_keras.recipes.starts import with_attention
from ras_keras.tuning.domains import Choices, Domain, parse_domain, simple_kind
from ras_keras.values.choices import one_of
from ras_keras.values.options import name_of, with_options
from ras_keras.values.text import ANY

# Fields of a recipe that a search may vary, and their values.
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
# Values of options that have some of their own; others are given by --space.
OPTIONS = {
    "k": "1,2,3,4",
    "connection": "batch_norm,rational,tanh,relu,none",
    "normalize_input": "true,false",
    "gamma_initializer": "0,0.01,0.1,0.3",
}
DEFAULTS = OPTIONS | FIELDS
DEPTHS = {
    "wrn": "16,28,40,52",
    "resnext": "29,56,101",
    "imagenet_resnet": "18,34,50,101",
    **dict.fromkeys(
        ("residual_attention", "wide_residual_attention", "imagenet_residual_attention"), "56,92"
    ),
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

    @property
    def attentions(self) -> tuple[str, ...]:
        """Those that occur, with the options that they have at every point."""
        return self._points_of("attention") or (self.fixed.network.attention,)

    def takers(self, name: str) -> tuple[str, ...]:
        """The attentions at which a field or an option is varied."""
        if name in FIELDS or name in self._model_options() or name in self._aggregation_options():
            return self.attentions
        return tuple(each for each in self.attentions if _takes(each, name))

    def is_option(self, name: str) -> bool:
        """Whether it is one of the attention."""
        return name not in FIELDS and any(_takes(each, name) for each in self.attentions)

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
            if self.is_option(name) and "attention" in self.domains:
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

    def recipe(self, values: dict) -> Recipe:
        """The recipe at a point."""
        recipe, values = self.fixed, dict(values)
        if "attention" in values:
            recipe = with_attention(recipe, values.pop("attention"))
        options = {name: values.pop(name) for name in [*values] if self.is_option(name)}
        of_model = {name: values.pop(name) for name in [*values] if name in self._model_options()}
        of_aggregation = {
            name: values.pop(name) for name in [*values] if name in self._aggregation_options()
        }
        if of_aggregation:
            values["aggregation"] = with_options(recipe.network.aggregation, **of_aggregation)
        return recipe.replace(
            model=with_options(recipe.network.model, **of_model),
            attention=with_options(recipe.network.attention, **options),
            **values,
        )

    def _model_options(self) -> list[str]:
        return [*model_kinds(self.fixed.network.family)]

    def _aggregation_options(self) -> list[str]:
        return [*aggregation_kinds(self.fixed.network.aggregation_name)]

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
        search: names of the fields and options to vary.
        narrowed: such as "k=1,2" and "learning_rate=0.01:0.2:log"; what is not named has the
            values of `DEFAULTS`.

    Raises:
        UserError: for what is empty, unknown or contradictory.
    """
    if not search:
        raise UserError(Argument("search"), f" names nothing; name some of {', '.join(DEFAULTS)}.")
    given = _texts(narrowed, search)
    texts = DEFAULTS | {
        "depth": _depths(fixed.network),
        "attention": ",".join((NONE, *ATTENTION)),
    }
    domains = {}
    if "attention" in search:
        domains["attention"] = parse_domain("attention", str, (texts | given)["attention"])
    # The attention comes first: which options there are depends on it.
    space = Space(fixed, domains)
    where = Argument("space", "attention") if domains else Argument("attention")
    for text in space.attentions:
        one_of(where, name_of(text), (NONE, *ATTENTION))
    for name in search:
        if name not in domains:
            kind = _searched_kind(space, name)
            if name not in texts | given:
                raise UserError(
                    Argument("search", name),
                    " has no values of its own; give some by ",
                    Argument("space", f"{name}=A,B"),
                    ".",
                )
            domains[name] = parse_domain(name, simple_kind(kind), (texts | given)[name])
    return space


def _depths(network: NetworkRecipe) -> str:
    """The default depths, those that the family has with the network's options."""
    depths = family_of(network.model).depths(network.arguments())
    default = DEPTHS.get(network.family, DEFAULTS["depth"])
    if depths is None:
        return default
    return ",".join(each for each in default.split(",") if depths.has(int(each)))


def _texts(narrowed, search) -> dict[str, str]:
    """The values that --space gives, by what it names."""
    given: dict[str, str] = {}
    for each in narrowed:
        name, equals, text = each.partition("=")
        if not equals:
            raise UserError(
                Argument("space", each), f" says no values; write {each}=A,B or {each}=LOW:HIGH."
            )
        if name not in search:
            one_of(Argument("space"), name, [*dict.fromkeys([*DEFAULTS, *search])])
            raise UserError(
                Argument("space", each),
                f" says nothing, for {name} is not searched; name it by ",
                Argument("search", (*search, name)),
                ".",
            )
        if name in given:
            raise UserError(
                Argument("space"), f" names {name} twice ({given[name]} and {text}); name it once."
            )
        given[name] = text
    return given


def _searched_kind(space: Space, name: str) -> type:
    """The type of what is searched: a field, or an option of an attention or of the model.

    Raises:
        UserError: if it is none of these, or of both.
    """
    if name in FIELDS:
        return kind_of(name)
    network = space.fixed.network
    kinds = {
        name_of(text): {name: attention_kinds(name_of(text)).get(name, object)}
        for text in space.attentions
        if _takes(text, name)
    }
    owners = [*kinds][:1]
    of_others = {
        network.family: model_kinds(network.family),
        network.aggregation_name: aggregation_kinds(network.aggregation_name),
    }
    owners += [owner for owner, options in of_others.items() if name in options]
    if len(owners) > 1:
        raise UserError(
            Argument("search", name),
            f" could be an option of {' and of '.join(owners)}; search another.",
        )
    if owners:
        return (kinds | of_others)[owners[0]][name]
    others = [each for each in ATTENTION if _takes(each, name)]
    if others:
        raise UserError(
            Argument("search", name),
            " says nothing to ",
            Argument("attention", ", ".join(space.attentions)),
            f"; it belongs to {', '.join(others)}.",
        )
    options = [option for text in space.attentions for option in attention_kinds(name_of(text))]
    options += [option for kinds in of_others.values() for option in kinds]
    one_of(Argument("search"), name, [*dict.fromkeys([*DEFAULTS, *options])])
    raise AssertionError(name)


def _takes(attention: str, option: str) -> bool:
    """Whether an attention has this option."""
    kinds = attention_kinds(name_of(attention))
    return option in kinds or ANY in kinds


def describe(values: dict) -> str:
    """Such as "k=2, learning_rate=0.03"."""
    return ", ".join(f"{name}={value}" for name, value in values.items())
