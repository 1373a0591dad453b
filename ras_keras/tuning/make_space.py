"""Makes a space of texts: what is searched, and the values where the usual ones are not meant."""

from collections.abc import Sequence

from ras_keras.errors import Argument, UserError
from ras_keras.layers.registry import ATTENTION, NONE
from ras_keras.recipes.network import NetworkRecipe, attention_kinds, family_of
from ras_keras.recipes.recipe import Recipe, kind_of
from ras_keras.tuning.domains import parse_domain
from ras_keras.tuning.space import FIELDS, Space, takes
from ras_keras.values.choices import one_of
from ras_keras.values.options import name_of

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
    usual = {"depth": _depths(fixed.network), "attention": ",".join((NONE, *ATTENTION))}
    texts = DEFAULTS | usual | _given(narrowed, search)
    attention = {}
    if "attention" in search:
        attention["attention"] = parse_domain("attention", str, texts["attention"])
        for text in attention["attention"].points():
            one_of(Argument("space", "attention"), name_of(text), (NONE, *ATTENTION))
    # Which options there are depends on the attentions.
    space = Space(fixed, attention)
    domains = {}
    for name in search:
        kind = _kind(space, name, search)
        if name not in texts:
            raise UserError(
                Argument("search", name),
                " has no values of its own; give some by ",
                Argument("space", f"{name}=A,B"),
                ".",
            )
        domains[name] = parse_domain(name, kind, texts[name])
    return Space(fixed, attention | domains)


def _depths(network: NetworkRecipe) -> str:
    """The default depths, those that the family has with the network's options."""
    depths = family_of(network.model).depths(network.arguments())
    default = DEPTHS.get(network.family, DEFAULTS["depth"])
    if depths is None:
        return default
    return ",".join(each for each in default.split(",") if depths.has(int(each)))


def _given(narrowed: Sequence[str], search: Sequence[str]) -> dict[str, str]:
    """The values that --space gives, by what it names."""
    given: dict[str, str] = {}
    for each in narrowed:
        name, equals, text = each.partition("=")
        if not equals:
            raise UserError(
                Argument("space", each), f" says no values; write {each}=A,B or {each}=LOW:HIGH."
            )
        if name not in search:
            one_of(Argument("space"), name, dict.fromkeys([*DEFAULTS, *search]))
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


def _kind(space: Space, name: str, search: Sequence[str]):
    """The type of what is searched: a field, or an option of a part of the network.

    Raises:
        UserError: if it is none of these, or of two parts.
    """
    if name in FIELDS:
        return kind_of(name)
    owners = space.owners(name)
    if len(owners) > 1:
        raise UserError(
            Argument("search", name),
            f" could be an option of the {' and of the '.join(owners)}; search another.",
        )
    if owners == ["aggregation"] and "aggregation" in search:
        raise UserError(
            Argument("search", name),
            " is an option of the aggregation, which is searched itself; leave one of them out.",
        )
    if owners:
        return space.options[owners[0]].get(name, object)
    others = [each for each in ATTENTION if takes(attention_kinds(each), name)]
    if others:
        raise UserError(
            Argument("search", name),
            " says nothing to ",
            Argument("attention", ", ".join(space.attentions)),
            f"; it belongs to {', '.join(others)}.",
        )
    options = [option for kinds in space.options.values() for option in kinds]
    one_of(Argument("search"), name, dict.fromkeys([*DEFAULTS, *options]))
    raise AssertionError(name)
