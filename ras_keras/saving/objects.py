"""Which objects and functions a `.keras` file may name: those of an allow-list, and no others."""

from typing import TypeGuard

import keras

from ras_keras.errors import UserError
from ras_keras.saving import keras_symbols

# What Keras makes of a configuration: layers, models and operations, and what these are given.
KINDS = (
    keras.Operation,
    keras.Initializer,
    keras.Regularizer,
    keras.constraints.Constraint,
    keras.Loss,
    keras.Metric,
    keras.Optimizer,
    keras.optimizers.schedules.LearningRateSchedule,
    keras.DTypePolicy,
    keras.dtype_policies.DTypePolicyMap,
    keras.Quantizer,
    keras.quantizers.QuantizationConfig,
    keras.random.SeedGenerator,
)
# Of these, layers that run code which their file brings or names.
CODE = ("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer")
CODE_CLASSES = tuple(getattr(keras.layers, name) for name in CODE)
LAMBDA = "__lambda__"
FUNCTION = "function"
TENSOR = "__keras_tensor__"
ARRAYS = ("__numpy__", "__tensor__")
# What stands for a value in itself.
LITERALS = (TENSOR, *ARRAYS, "__bytes__", "__ellipsis__", "__slice__")
# Any other may name a size: "U250000000" takes a gigabyte for a letter.
DTYPES = {
    *("bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"),
    *("float16", "bfloat16", "float32", "float64", "complex64", "complex128"),
}


def is_object(value: object) -> TypeGuard[dict]:
    """Whether a value is what Keras makes an object of."""
    return (
        isinstance(value, dict) and isinstance(value.get("class_name"), str) and "config" in value
    )


def is_of_keras(each: dict, custom_objects: dict) -> bool:
    """Whether Keras itself defines the class of an object; the process may know it otherwise."""
    name = each.get("registered_name", each["class_name"])
    return keras_symbols.registered(name, custom_objects) is None


def class_of(each: dict, custom_objects: dict) -> type | None:
    """The class of an object, None for what no class is known for."""
    name, module = each["class_name"], each.get("module")
    found = keras_symbols.registered(each.get("registered_name", name), custom_objects)
    if found is None and keras_symbols.of_keras(module):
        found = keras_symbols.find_class(module, name)
    return found if isinstance(found, type) else None


def check_object(each: dict, custom_objects: dict, keras_reads: bool) -> None:
    """Refuses an object that is not on the list.

    Args:
        each: the configuration of an object.
        custom_objects: classes and functions by name, beside the registered ones.
        keras_reads: whether Keras makes it, and not a class of one's own, whose arguments may look
            like an object and be none.

    Raises:
        UserError: naming it, without the file.
    """
    name = each["class_name"]
    if name in LITERALS:
        _check_literal(each)
    elif name == FUNCTION:
        _check_function(each, custom_objects)
    else:
        _check_class(each, custom_objects, keras_reads)


def _check_literal(each):
    if each["class_name"] not in ARRAYS:
        return
    config = each["config"] if isinstance(each["config"], dict) else {}
    dtype = config.get("dtype")
    if not isinstance(dtype, str) or dtype not in DTYPES or "value" not in config:
        raise UserError(f"is refused: it holds an array of dtype {str(dtype)!r:.80}.")


def _check_function(each, custom_objects):
    name, module = each["config"], each.get("module")
    if not isinstance(name, str) or each.get("registered_name") not in (None, FUNCTION, name):
        raise UserError(f"is refused: its function {name!r:.80} has two names.")
    found = keras_symbols.registered(name, custom_objects)
    if found is None and isinstance(module, str):
        found = keras_symbols.find_function(module, name)
    if found is None and module == "builtins":
        named = keras_symbols.registered_under(name, custom_objects)
        found = next(iter(named), None) if not any(isinstance(one, type) for one in named) else None
    if isinstance(found, type):
        raise UserError(f"is refused: it uses the class {name!r:.80} as a function.")
    if found is None:
        raise _unknown("function", name)


def _check_class(each, custom_objects, keras_reads):
    name, module = each["class_name"], each.get("module")
    registered_name = each.get("registered_name", name)
    known = keras_symbols.registered(registered_name, custom_objects)
    own = isinstance(known, type) and not keras_symbols.of_keras(module)
    # Keras follows a name with dots in it to wherever it leads.
    last = name.rpartition(".")[2]
    if name == LAMBDA or (last in CODE and not (own and known.__name__ == name)):
        raise UserError(
            f"is refused: it needs a {name.strip('_')}, and loading that could run any code in "
            "the file; have its owner write it as a registered layer and save it again."
        )
    if "module" not in each:
        if not keras_reads and known is None and not keras_symbols.is_layer(last):
            return
        raise UserError(
            f"is refused: its {name!r:.80} says no module, which Keras 3 always writes; save it "
            "again with model.save."
        )
    if known is not None:
        if not own or name not in (known.__name__, registered_name.rpartition(">")[2]):
            raise UserError(
                f"is refused: {name!r:.80} of module {module!r:.80} is registered as "
                f"{registered_name!r:.80}, and these do not agree; if you trust it, load it by "
                "keras.saving.load_model and save it again."
            )
        return
    if not keras_symbols.of_keras(module) or registered_name not in (None, name):
        raise _unknown("class", registered_name or name)
    found = keras_symbols.find_class(module, name) if name.isidentifier() else None
    if found is None or not issubclass(found, KINDS) or issubclass(found, CODE_CLASSES):
        raise _unknown("class", f"{module}.{name}")


def _unknown(what, name):
    return UserError(
        f"holds a {what} that is not known, {str(name)!r:.80}; import the module that defines it, "
        "or pass custom_objects to ras_keras.load_model."
    )


def literal_numbers(each: dict) -> int:
    """How many numbers a literal array has, 0 for any other object."""
    if each["class_name"] not in ARRAYS or not isinstance(each["config"], dict):
        return 0
    waiting, found = [each["config"].get("value")], 0
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        else:
            found += 1
    return found
