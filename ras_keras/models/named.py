"""The networks that have a name of their own, and the recipes that give them."""

from functools import partial

from ras_keras import models
from ras_keras.layers.registry import NONE
from ras_keras.values.options import joined


def named_networks() -> dict[str, partial]:
    """The constructors of single networks, by their names in `ras_keras.models`."""
    found = {name: getattr(models, name) for name in models.__all__}
    alone = [family.build for family in models.MODELS.values() if family.depths_of is None]
    return {
        name: each if isinstance(each, partial) else partial(each)
        for name, each in found.items()
        if isinstance(each, partial) or each in alone
    }


def fields_of(network: partial) -> dict[str, str | int]:
    """The values of a `NetworkRecipe` of this network."""
    name, family = next(item for item in models.MODELS.items() if item[1].build is network.func)
    given = family.arguments | network.keywords
    if network.args:
        (given["depth"],) = network.args
    options = {
        option: given[option]
        for option, default in family.defaults.items()
        if given[option] != default
    }
    fields = {"model": joined(name, options), "attention": given["attention"] or NONE}
    if family.depths_of is not None:
        fields["depth"] = given["depth"]
    if given["aggregation"]:
        fields["aggregation"] = given["aggregation"]
    return fields
