"""How tyro reads our dataclasses: a group of flags for each nested one, values by their names."""

import ast
import dataclasses
import functools
import inspect
import shutil
import textwrap
from itertools import pairwise
from typing import Annotated

import tyro
from tyro.constructors import StructConstructorSpec, StructFieldSpec, StructTypeInfo

from ras_keras.commands.line.fields import fields_of, parameter
from ras_keras.recipes.parted import PartedRecipe

RULES = tyro.constructors.ConstructorRegistry()


@RULES.struct_rule
def flags_of(info: StructTypeInfo) -> StructConstructorSpec | None:
    """The fields of a dataclass with their defaults and help texts."""
    if not dataclasses.is_dataclass(info.type):
        return None
    texts = help_texts(info.type)
    fields = [
        StructFieldSpec(
            field.name,
            _as_shown(field, kind),
            _default(field, info),
            helptext=texts.get(field.name),
        )
        for field, kind in fields_of(info.type)
    ]
    return StructConstructorSpec(info.type, tuple(fields))


def _as_shown(field: dataclasses.Field, kind):
    if isinstance(kind, type) and issubclass(kind, PartedRecipe):
        # Its parts are groups, and it is none itself.
        return Annotated[kind, tyro.conf.arg(name="")]
    if kind is bool or dataclasses.is_dataclass(kind):
        return kind
    shown = parameter(field, kind).shown
    return Annotated[kind, tyro.conf.arg(metavar=shown, help_behavior_hint=_default_shown)]


def _default_shown(value: str) -> str:
    """What stands behind a help text; an empty list is "none"."""
    return f"(default: {value or 'none'})"


def _default(field: dataclasses.Field, info: StructTypeInfo):
    if isinstance(info.default, info.type):
        return getattr(info.default, field.name)
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return tyro.MISSING if field.default is dataclasses.MISSING else field.default


@functools.cache
def help_texts(cls: type) -> dict[str, str]:
    """The docstrings behind the fields of a dataclass and of those that it is derived from."""
    texts = {}
    for each in reversed(cls.__mro__):
        if not dataclasses.is_dataclass(each):
            continue
        (definition,) = ast.parse(textwrap.dedent(inspect.getsource(each))).body
        for field, text in pairwise(definition.body):
            if isinstance(field, ast.AnnAssign) and _is_text(text):
                texts[field.target.id] = " ".join(inspect.cleandoc(text.value.value).split())
    return texts


def description(cls: type) -> str:
    """The paragraphs of a dataclass's docstring, in lines that fit the terminal."""
    # tyro joins lines that begin with a letter.
    wrapper = textwrap.TextWrapper(
        shutil.get_terminal_size().columns, initial_indent=" ", subsequent_indent=" "
    )
    return "\n".join(map(wrapper.fill, inspect.cleandoc(cls.__doc__).split("\n\n")))


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
