"""Runs exported models without ras_keras: python runtimes_alone.py FOLDER

FOLDER holds images.npy and, of each model, NAME.npy with Keras's probabilities beside its files.
Prints the largest difference of each file and what names its classes have, as JSON.
"""

import json
import sys
from pathlib import Path

import numpy as np

# OpenVINO reports its use unless this is missing.
sys.modules.setdefault("openvino_telemetry", None)


def saved_model(path):
    import tensorflow as tf

    serve = tf.saved_model.load(str(path)).signatures["serving_default"]
    return lambda images: serve(images=tf.constant(images))["output_0"].numpy()


def onnx(path):
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path))
    return lambda images: session.run(["probabilities"], {"images": images})[0]


def openvino(path):
    import openvino

    exact = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = openvino.Core().compile_model(str(path), "CPU", exact)
    return lambda images: compiled({"images": images})["probabilities"]


def litert(path):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))

    def run(images):
        (taken,), (returned,) = interpreter.get_input_details(), interpreter.get_output_details()
        interpreter.resize_tensor_input(taken["index"], images.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(taken["index"], images)
        interpreter.invoke()
        return interpreter.get_tensor(returned["index"])

    return run


RUNTIMES = {
    "_saved_model": (saved_model, "{0}/assets.extra/classes.json"),
    ".onnx": (onnx, "{0}.classes.json"),
    ".xml": (openvino, "{0}.classes.json"),
    ".tflite": (litert, "{0}.classes.json"),
}


def check(folder):
    images = np.load(folder / "images.npy").astype("float32")
    found = {}
    for expected in sorted(folder.glob("*.npy")):
        if expected.stem == "images":
            continue
        for ending, (open_model, names) in RUNTIMES.items():
            path = expected.with_name(expected.stem + ending)
            if not path.exists():
                continue
            run, probabilities = open_model(path), np.load(expected)
            differences = [
                float(np.abs(run(images[:count]) - probabilities[:count]).max()) for count in (1, 7)
            ]
            classes = json.loads(Path(names.format(path)).read_text())
            found[path.name] = {"difference": max(differences), "classes": classes}
    assert "ras_keras" not in sys.modules
    print(json.dumps(found))


check(Path(sys.argv[1]))
