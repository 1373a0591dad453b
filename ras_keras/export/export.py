"""Models in the formats of other runtimes."""

import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from ras_keras.backend.keras_graph import all_layers
from ras_keras.backend.tensorflow_internals import CALIBRATE_ONLY, quantized, with_constants
from ras_keras.errors import Argument, UserError, first_line
from ras_keras.export.agreement import LOG_TOLERANCE, Agreement, Reference
from ras_keras.inference.exported import open_exported
from ras_keras.inference.formats import FORMATS
from ras_keras.inference.runtimes import import_openvino, unreported
from ras_keras.layers import GatedConvolution
from ras_keras.outputs.class_names import write_class_names
from ras_keras.outputs.made_images import made_images

TOLERANCE = 1e-4
INPUT, OUTPUT = "images", "probabilities"


class ExportDiffers(UserError):
    """The exported model says something else than the Keras model; it was not written."""


def export(
    model: keras.Model,
    path: Path,
    name: str,
    class_names: Sequence[str] | None,
    calibration: np.ndarray | None = None,
    reference: Reference | None = None,
) -> Agreement | None:
    """Writes a model in a format, all of it or nothing, and runs it there once.

    The exported model takes raw images, 0..255, float32 (N, H, W, channels) with any N, and returns
    probabilities, float32 (N, classes).

    Args:
        model: from raw images to probabilities, in float32.
        path: of the file, or of the folder of a SavedModel; nothing lies there.
        name: of `FORMATS`.
        class_names: one for each class; None if the model has none.
        calibration: for litert alone, images (N, H, W, channels) that weights and activations are
            quantized to int8 by; None exports in float32.
        reference: real images with the probabilities that the exported model must return; None
            compares it on made images alone, for which a trained network is sure of one class.

    Returns:
        How far it is from the reference, None without one.

    Raises:
        UserError: if the model cannot be converted.
        ExportDiffers: if without calibration another model came out.
    """
    with tempfile.TemporaryDirectory(prefix=".export.", dir=path.parent) as folder:
        made = Path(folder, path.name)
        try:
            if calibration is None:
                WRITERS[name](model, made)
            else:
                _write_int8(model, made, calibration)
        except OSError:
            raise
        # What a converter raises is its own affair, and of many kinds.
        except Exception as error:
            raise UserError(
                f"{model.name} cannot be converted to {name} ({first_line(error)}); "
                "choose another ",
                Argument("format"),
                ".",
            ) from error
        if class_names is not None:
            write_class_names(made, class_names)
        predict = open_exported(made, name).predict
        agreement = reference.compare(predict) if reference else None
        if calibration is None:
            _check(model, predict, agreement, f"{path} was not written: in {name}")
        # What lies beside the model's file comes first.
        for each in sorted(Path(folder).iterdir(), key=lambda file: file == made):
            each.rename(path.parent / each.name)
    return agreement


def files_of(path: Path, name: str) -> list[Path]:
    """The files or the folder that `export` writes at `path`, without those of class names."""
    return [path, path.with_suffix(".bin")] if name == "openvino" else [path]


def size(path: Path, name: str) -> int:
    """Bytes of an exported model."""
    files = [each for part in files_of(path, name) for each in (part, *part.rglob("*"))]
    return sum(file.stat().st_size for file in files if file.is_file())


def _check(model, predict, agreement, what) -> None:
    if agreement and not agreement.holds:
        raise ExportDiffers(
            f"{what}, {agreement}, where no label and at most {LOG_TOLERANCE:g} in "
            "log-probabilities may change; choose another ",
            Argument("format"),
            ".",
        )
    images = made_images(model.input_shape[1:])
    difference = np.abs(np.asarray(model.predict_on_batch(images)) - predict(images)).max()
    # Written so that NaN is refused too.
    if not difference <= TOLERANCE:
        raise ExportDiffers(
            f"{what} the probabilities of made images differ by {difference:.1g}, more than "
            f"{TOLERANCE:g}, from Keras's; choose another ",
            Argument("format"),
            ".",
        )


def _write_saved_model(model, path):
    model.export(path, format="tf_saved_model", verbose=False)


def _write_onnx(model, path):
    """As Keras's own export, which makes inputs of the constants that a layer holds."""
    import tf2onnx

    from ras_keras.export.onnx_layout import with_gates_channels_first

    frozen = with_constants(_concrete_function(model))
    (images,), names = frozen.inputs, output_names(model)
    # It reports each optimization that a graph does not allow as a failure, with a traceback.
    log = logging.getLogger("tf2onnx.optimizer")
    disabled, log.disabled = log.disabled, True
    try:
        exported, _ = tf2onnx.convert.from_graph_def(
            frozen.graph.as_graph_def(),
            name=model.name,
            input_names=[images.name],
            output_names=[output.name for output in frozen.outputs],
            tensors_to_rename={
                images.name: INPUT,
                **{each.name: name for each, name in zip(frozen.outputs, names, strict=True)},
            },
            custom_op_handlers={"Erfc": (_one_less_erf, []), "AddV2": (_sum, [])},
        )
    finally:
        log.disabled = disabled
    for value in (exported.graph.input[0], *exported.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    with_gates_channels_first(exported)
    path.write_bytes(exported.SerializeToString())


def output_names(model: keras.Model) -> list[str]:
    """Of an exported model: those of the model, in TensorFlow's order, or "probabilities"."""
    return sorted(model.output) if isinstance(model.output, dict) else [OUTPUT]


def _one_less_erf(graph, node, name, arguments):
    """For tf2onnx: the complementary error function, part of a GELU, which ONNX does not have."""
    erf = graph.make_node("Erf", [node.input[0]]).output[0]
    one = graph.make_const(f"{name}_number_one", np.ones((), "float32")).output[0]
    node.type, node.domain = "Sub", ""
    graph.replace_inputs(node, [one, erf])


def _sum(graph, node, name, arguments):
    """For tf2onnx: a sum in which no number has the shape ().

    Its optimizer takes one behind a convolution, as a hard sigmoid has it, for a bias, fails, and
    leaves every transposition of the graph.
    """
    node.type, node.domain = "Add", ""
    for place, each in enumerate(node.inputs):
        others = graph.get_rank(node.input[1 - place])
        if each.is_const() and graph.get_rank(each.output[0]) == 0 and others:
            number = graph.make_const(
                f"{name}_number_{place}", each.get_tensor_value(False).reshape(1)
            )
            graph.replace_input(node, node.input[place], number.output[0], place)


def _write_openvino(model, path):
    """As Keras's own export, which makes outputs of shapes that are computed on the way."""
    openvino = import_openvino()
    with unreported():
        converted = openvino.convert_model(_concrete_function(model))
    names = output_names(model)
    results = converted.get_results()[: len(names)]
    converted = openvino.Model(results, converted.get_parameters(), model.name)
    converted.inputs[0].tensor.set_names({INPUT})
    for output, name in zip(converted.outputs, names, strict=True):
        output.tensor.set_names({name})
    openvino.save_model(converted, path, compress_to_fp16=False)


def _write_litert(model, path, **settings):
    model.export(path, format="litert", verbose=False, **settings)


def _write_int8(model, path, calibration):
    """Weights and maps in int8; what works on vectors, the gates and the classifier, in float32.

    A vector has one scale for all its channels in int8, and a batch normalization in a gate
    enlarges the error of channels that vary little.
    """
    from ai_edge_litert.interpreter import Interpreter

    def representative_images():
        for image in calibration:
            yield [image[None].astype("float32")]

    _write_litert(
        model,
        path,
        optimizations=[tf.lite.Optimize.DEFAULT],
        representative_dataset=representative_images,
        **CALIBRATE_ONLY,
    )
    calibrated = path.read_bytes()
    tensors = Interpreter(model_content=calibrated).get_tensor_details()
    vectors = {each["name"] for each in tensors if len(each["shape_signature"]) == 2}
    path.write_bytes(quantized(calibrated, vectors))


def _concrete_function(model):
    """The model in inference as TensorFlow's graph.

    Keras compiles grouped convolutions by XLA, which nothing else can read; traced while functions
    run eagerly they are ordinary ones. Gates are traced without their division, which is no faster
    in other runtimes.
    """
    images = tf.TensorSpec((None, *model.input_shape[1:]), "float32", INPUT)
    before = tf.config.functions_run_eagerly()
    gates = [
        layer for layer in all_layers(model) if isinstance(layer, GatedConvolution) and layer.divide
    ]
    tf.config.run_functions_eagerly(True)
    for gate in gates:
        gate.divide = False
    try:
        return tf.function(lambda images: model(images, training=False)).get_concrete_function(
            images
        )
    finally:
        tf.config.run_functions_eagerly(before)
        for gate in gates:
            gate.divide = True


WRITERS = {
    "saved_model": _write_saved_model,
    "onnx": _write_onnx,
    "openvino": _write_openvino,
    "litert": _write_litert,
}
assert WRITERS.keys() == FORMATS.keys()
