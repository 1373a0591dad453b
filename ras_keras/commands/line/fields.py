"""The fields of a command's dataclass, as flags and positional arguments."""

import dataclasses
import types
import typing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import tyro

from ras_keras.text.flags import flag

NAMES = {int: "INT", float: "FLOAT", str: "TEXT", bool: "{True,False}"}
# What the texts of a recipe are; it knows no flags.
OF_A_RECIPE = {
    "recipe": "NAME|FILE",
    "dataset": "NAME|FORMAT:PATH",
    "data_dir": "FOLDER",
    "imports": "MODULE",
    "model": "NAME[:OPTIONS]",
    "attention": "NAME[:OPTIONS]",
    "aggregation": "NAME[:OPTIONS]",
    "weights": "FILE|RUN_FOLDER",
}


@dataclass(frozen=True)
class Shown:
    """What stands for a value in --help, in `Annotated[str, Shown("FILE")]`."""

    name: str


def among(names: Iterable[str]) -> Shown:
    """What stands for one of several names, which --help lists."""
    return Shown(f"{{{','.join(names)}}}")


Folder = Annotated[str, Shown("FOLDER")]
File = Annotated[str, Shown("FILE")]
Name = Annotated[str, Shown("NAME")]
Run = Annotated[str, Shown("RUN_FOLDER")]
Images = tuple[Annotated[str, Shown("IMAGE")], ...]
Model = Annotated[str, tyro.conf.Positional, Shown("MODEL")]


@dataclass(frozen=True)
class Parameter:
    """A flag or a positional argument.

    Attributes:
        name: of the field.
        kind: its type, with what is said of it in `Annotated`.
        required: whether it has no default.
    """

    name: str
    kind: Any
    required: bool

    @property
    def bare(self) -> Any:
        """The type without what is said of it, and without None."""
        return bare(self.kind)

    @property
    def positional(self) -> bool:
        """Whether it has no flag."""
        return tyro.conf.Positional in _said(self.kind)

    @property
    def many(self) -> bool:
        """Whether it takes any number of values."""
        return typing.get_origin(self.bare) is tuple

    @property
    def switch(self) -> bool:
        """Whether it is a flag without a value."""
        return self.kind is bool

    @property
    def shown(self) -> str:
        """What stands for its value, such as "FOLDER", "{step,cosine}" or "[INT ...]"."""
        each = typing.get_args(self.bare)[0] if self.many else self.bare
        said = [extra.name for extra in _said(self.kind, each) if isinstance(extra, Shown)]
        name = (said or [OF_A_RECIPE.get(self.name)])[0] or _choices(each) or NAMES[bare(each)]
        if not self.many:
            return name
        return f"{name} ..." if self.positional and self.required else f"[{name} ...]"

    def __str__(self) -> str:
        return self.shown if self.positional else flag(self.name)


def parameters_of(cls: type) -> Iterator[Parameter]:
    """Those of a dataclass; of nested dataclasses in their place."""
    for field, kind in fields_of(cls):
        if dataclasses.is_dataclass(kind):
            yield from parameters_of(kind)
        else:
            yield parameter(field, kind)


def parameter(field: dataclasses.Field, kind) -> Parameter:
    """That of a field and its type."""
    required = field.default is field.default_factory is dataclasses.MISSING
    return Parameter(field.name, kind, required)


def fields_of(cls: type) -> list[tuple[dataclasses.Field, Any]]:
    """What the constructor of a dataclass takes, with the types."""
    kinds = typing.get_type_hints(cls, include_extras=True)
    found = []
    for name, field in cls.__dataclass_fields__.items():
        kind = kinds[name].type if isinstance(kinds[name], dataclasses.InitVar) else kinds[name]
        if typing.get_origin(kind) is not typing.ClassVar:
            found.append((field, kind))
    return found


def bare(kind) -> Any:
    """A type without what is said of it, and without None."""
    while typing.get_origin(kind) in (Annotated, typing.Union, types.UnionType):
        kind = next(each for each in typing.get_args(kind) if each is not types.NoneType)
    return kind


def _said(*kinds) -> list:
    """What is said of types in `Annotated`."""
    found = []
    for kind in kinds:
        while typing.get_origin(kind) in (Annotated, typing.Union, types.UnionType):
            if typing.get_origin(kind) is Annotated:
                found += kind.__metadata__
            kind = next(each for each in typing.get_args(kind) if each is not types.NoneType)
    return found


def _choices(kind) -> str:
    return among(typing.get_args(kind)).name if typing.get_origin(kind) is Literal else ""
