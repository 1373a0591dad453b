"""The network of a recipe: its family and depth, its attention, its starting weights."""

from dataclasses import InitVar, dataclass, replace
from typing import Annotated, Self

from ras_keras.errors import Argument, ArgumentError, UserError
from ras_keras.insertion.other_classes import for_other_classes
from ras_keras.layers.registry import ATTENTION, NONE, constructor_kinds
from ras_keras.layers.registry import make_attention as make_layer
from ras_keras.models.aggregation import AGGREGATION
from ras_keras.models.aggregation.registry import aggregation_kinds
from ras_keras.models.parts.starting_weights import give_fitting
from ras_keras.models.registry import MODELS, Family
from ras_keras.pretrained import named
from ras_keras.recipes.part import Part
from ras_keras.values.choices import one_of
from ras_keras.values.options import joined, merged, name_of, read_options, split, with_options
from ras_keras.values.typed import Bounds

# The family of the network in the file of weights, whatever it is.
SAVED = "saved"
# Options of an attention that are not what one is tried with.
SELDOM_SET = ("momentum", "epsilon", "data_format")


@dataclass(frozen=True)
class NetworkRecipe(Part):
    """Which network. Options of the model and of the attention follow their names."""

    imports: tuple[str, ...] = ()
    """Python modules to import first: they register attention of your own."""
    model: str = "resnet"
    """resnet, preresnet, wrn, resnext, residual_attention, wide_residual_attention; at ImageNet
    size imagenet_resnet, imagenet_residual_attention, mobilenet_v2, xception; or saved, the network
    in --weights, whatever it is, with attention at --attention; options may follow:
    wrn:widen_factor=8, resnet:block=basic, resnet:attention_stages=1+3, saved:start=published."""
    depth: Annotated[int, Bounds(1, 10_000)] | None = None
    """Depth of the network, 9n+2 (wrn: 6n+4, residual_attention: 36m+20); None is the published
    one, 164 (wrn: 52, resnext: 101, residual_attention: 56)."""
    attention: str = "ras"
    """ras, se, eca, cbam, sem, spa, dia, dia_se, ge, gc, bam, coordinate, simam, srm, fca, gct,
    triplet, shuffle, iebn, channel_scale, one of your own, or none; options may follow:
    ras:connection=tanh,gamma_initializer=0.1."""
    k: InitVar[int | None] = None
    """How often the attention's transform is applied, as --attention ras:k=K; None leaves it as it
    is, by default 2 for ras and 1 for others."""
    aggregation: str = "none"
    """rla, which hands a state from block to block, or none; options may follow:
    rla:channels=32,cell=lstm."""
    weights: str | None = None
    """What to start from: a saved .keras model, a run folder, whose best.keras is taken, or a model
    of the package by its name (ras-keras models), or by its data set for that of this network."""

    def __post_init__(self, k):
        super().__post_init__()
        for field in ("model", "attention", "aggregation"):
            # The same options in another order are the same.
            ordered = joined(*split(getattr(self, field)))
            object.__setattr__(self, field, ordered)
        if k is not None:
            object.__setattr__(self, "attention", with_options(self.attention, k=int(k)))

    @property
    def family(self) -> str:
        """The model without its options: a key of `MODELS`."""
        return name_of(self.model)

    @property
    def attention_name(self) -> str:
        """The attention without its options: a key of `ATTENTION`, or "none"."""
        return name_of(self.attention)

    @property
    def aggregation_name(self) -> str:
        """The aggregation without its options: a key of `AGGREGATION`, or "none"."""
        return name_of(self.aggregation)

    def resolved(self) -> Self:
        """With the depth that it has, and the name of the model that its weights are.

        Raises:
            UserError: if no model of that data set is this network.
        """
        arguments = self.arguments()
        models, weights = named(self.weights), self.weights
        if models and models[0].name != weights and self.family != SAVED:
            network = family_of(self.model).build(**arguments, include_top=False)
            try:
                weights = give_fitting(network, models, weights).name
            except ArgumentError as error:
                raise UserError(*error.args) from error
        return replace(self, depth=arguments.get("depth"), weights=weights)

    def arguments(self) -> dict:
        """What the function that builds the network takes, its defaults filled in.

        Raises:
            UserError: naming an option that the model or the attention does not take.
        """
        family = family_of(self.model)
        attention, config = self.attention_arguments()
        options = family.defaults | read_options("model", self.model, model_kinds)
        aggregation = self.aggregation_name
        one_of(Argument("aggregation"), aggregation, (NONE, *AGGREGATION))
        if self.family == SAVED and aggregation != NONE:
            raise UserError(
                Argument("aggregation", aggregation), f" says nothing to {SAVED}; leave it out."
            )
        of_aggregation = read_options("aggregation", self.aggregation, aggregation_kinds)
        depths = family.depths(options)
        if depths is None and self.depth is not None:
            raise UserError(
                Argument("depth", self.depth), f" says nothing to {self.family}; leave it out."
            )
        return (
            options
            | {"attention": attention, "attention_config": config}
            | {
                "aggregation": None if aggregation == NONE else aggregation,
                "aggregation_config": of_aggregation or None,
            }
            | ({} if depths is None else {"depth": self.depth or depths.published})
        )

    def attention_arguments(self) -> tuple[str | None, dict | None]:
        """What a network takes as `attention` and `attention_config`.

        Raises:
            UserError: naming an option that the attention does not take.
        """
        one_of(Argument("attention"), self.attention_name, (NONE, *ATTENTION))
        options = read_options("attention", self.attention, _with_k, SELDOM_SET)
        return (None, None) if self.attention_name == NONE else (self.attention_name, options)

    def with_attention(self, text: str) -> Self:
        """The network with another attention; the plain one has it in no stage in particular."""
        if text == NONE:
            return replace(
                self,
                attention=NONE,
                model=with_options(self.model, attention_stages="", where="", start=""),
            )
        return replace(self, attention=text)

    def plain(self) -> Self:
        """The network without attention and aggregation."""
        return replace(self.with_attention(NONE), aggregation=NONE)

    def in_family(self, family: str) -> Self:
        """With the model of a family, at this depth where the family has it, else at its own.

        Args:
            family: a name without options; the recipe's own changes nothing.

        Raises:
            UserError: for a family that does not exist, naming the nearest.
        """
        if family == self.family:
            return self
        depths = family_of(family).depths({})
        keeps = depths is not None and self.depth is not None and depths.has(self.depth)
        return replace(self, model=family, depth=self.depth if keeps else None)

    def overlaid(self, base: Self) -> Self:
        """With the options that its model and attention leave to a base of the same name."""
        return replace(
            self,
            model=merged(base.model, self.model),
            attention=merged(base.attention, self.attention),
            aggregation=merged(base.aggregation, self.aggregation),
        )

    def describe_attention(self) -> str:
        """Such as "ras:k=3,connection=tanh", always with k where the layer has one."""
        attention, config = self.attention_arguments()
        if attention is None or config is None:
            return NONE
        k = getattr(make_layer(attention, config), "k", None)
        return joined(attention, ({} if k is None else {"k": k}) | config)

    def describe_plugs(self) -> str:
        """Such as "ras:k=2", or with an aggregation "ras:k=2 + rla:channels=8"."""
        attention = self.describe_attention()
        return attention if self.aggregation == NONE else f"{attention} + {self.aggregation}"

    def describe_model(self) -> str:
        """Such as "resnet164", "wrn52:widen_factor=8" or "resnet20+rla:channels=8"."""
        name, options = split(self.model)
        text = joined(f"{name}{self.arguments().get('depth', '')}", options)
        return text if self.aggregation == NONE else f"{text}+{self.aggregation}"


def family_of(model: str) -> Family:
    """The family that a text such as "wrn:widen_factor=8" names.

    Raises:
        UserError: naming the nearest.
    """
    name = name_of(model)
    one_of(Argument("model"), name, (*MODELS, SAVED))
    return Family(for_other_classes) if name == SAVED else MODELS[name]


def model_kinds(name: str) -> dict[str, type]:
    """The options of a family of networks, with their types."""
    return family_of(name).option_kinds


def _with_k(name: str) -> dict[str, type]:
    """With k for every attention: one without a recurrence refuses all but 1 itself."""
    return attention_kinds(name) | ({} if name == NONE else {"k": int})


def attention_kinds(name: str) -> dict[str, type]:
    """The options of an attention, with their types."""
    return {} if name == NONE else constructor_kinds(ATTENTION[name])
