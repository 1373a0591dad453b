"""Lists of networks, each named in a few words."""

import itertools
from collections.abc import Sequence

from ras_keras.backend.imports import import_modules
from ras_keras.benchmark.networks.key import identity
from ras_keras.errors import Argument, UserError
from ras_keras.layers.registry import ATTENTION, NONE
from ras_keras.models.aggregation import AGGREGATION
from ras_keras.models.aggregation.registry import aggregation_kinds
from ras_keras.models.registry import MODELS
from ras_keras.recipes.network import NetworkRecipe, attention_kinds, model_kinds
from ras_keras.recipes.recipe import Recipe
from ras_keras.recipes.resolving import resolve
from ras_keras.training.recipe_check import check_recipe
from ras_keras.values.choices import one_of
from ras_keras.values.options import name_of, read_options


def network_recipes(
    models: Sequence[str],
    depths: Sequence[int],
    attentions: Sequence[str],
    aggregations: Sequence[str] = (NONE,),
    *,
    imports: Sequence[str] = (),
    with_plain: bool = False,
    usual_depth: int | None = None,
    names: tuple[str, str, str] = ("models", "attentions", "aggregations"),
    **settings,
) -> list[Recipe]:
    """A resolved recipe for every model at every depth with every attention, none twice.

    Options may follow a name: "ras:k=3,normalize_input=False", "wrn:widen_factor=8",
    "resnet:attention_stages=1+3".

    Args:
        models: of `MODELS`, with options of the function that builds one.
        depths: none for `usual_depth`, else the published one of each model.
        attentions: of `ATTENTION`, with what the layer takes, or "none".
        aggregations: of `AGGREGATION`, likewise; each stands beside every attention.
        imports: Python modules that register more of them.
        with_plain: puts the plain network first, at every depth of every model.
        usual_depth: taken where no depths are given, by the models that have it.
        names: of the arguments that brought models and attentions.
        **settings: values of a recipe, for all of them.

    Raises:
        UserError: for an empty list, a name, an option or a depth that does not exist, and for
            whatever else `check_recipe` refuses.
    """
    import_modules(imports)
    for name, given, valid, kinds in (
        (names[0], models, MODELS, model_kinds),
        (names[1], attentions, (NONE, *ATTENTION), attention_kinds),
        (names[2], aggregations, (NONE, *AGGREGATION), aggregation_kinds),
    ):
        if not given:
            raise UserError(Argument(name), " names nothing; give one or several names.")
        for text in given:
            one_of(Argument(name), name_of(text), valid)
            read_options(name, text, kinds)
    plugs = [*itertools.product(attentions, aggregations)]
    if with_plain:
        plugs = [(NONE, NONE), *plugs]
    recipes = {}
    pairs = [
        (model, depth)
        for model in models
        for depth in depths or (NetworkRecipe(depth=usual_depth).in_family(name_of(model)).depth,)
    ]
    for (model, depth), (attention, aggregation) in itertools.product(pairs, plugs):
        network = NetworkRecipe(
            imports=tuple(imports), model=model, depth=depth, aggregation=aggregation
        ).with_attention(attention)
        recipe = Recipe(network=network).replace(**settings)
        check_recipe(recipe)
        recipes.setdefault(identity(network), resolve(recipe))
    return list(recipes.values())


def plain_places(recipes: Sequence[Recipe]) -> list[int]:
    """Where among `recipes` the plain network of each stands, which must be one of them."""
    places = [identity(recipe.network) for recipe in recipes]
    return [places.index(identity(recipe.network.plain())) for recipe in recipes]
