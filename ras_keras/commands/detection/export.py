"""Write a detector for other runtimes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ras_keras.commands.line.fields import Folder, Model
from ras_keras.commands.line.flags import parse
from ras_keras.detection.export import DetectorFormat, ending_of, export_detector
from ras_keras.detection.loading import load_detector
from ras_keras.detection.network.non_maximum_suppression import detector
from ras_keras.errors import UserError
from ras_keras.export.precision import in_float32


@dataclass(frozen=True)
class DetectExport:
    """Write a detector for ONNX Runtime or OpenVINO, in float32."""

    model: Model
    """A .keras file, or a run folder, whose best.keras is taken."""
    format: DetectorFormat = "onnx"
    """Of the file."""
    raw: bool = False
    """Offsets of anchors and logits, without the suppression that makes boxes of them."""
    output: Folder | None = None
    """Folder of the file; None is that of the model."""
    imports: tuple[str, ...] = ()
    """Python modules to import before the model is loaded, beside the run's."""


def main(arguments: Sequence[str], program: str) -> None:
    options = parse(DetectExport, arguments, program)
    saved = load_detector(options.model, options.imports)
    folder = Path(options.output) if options.output else saved.path.parent
    if not folder.is_dir():
        raise UserError(f"--output {folder}: no such folder; create it first.")
    name = f"{saved.path.stem}{'_raw' if options.raw else ''}{ending_of(options.format)}"
    file = folder / name
    if file.exists():
        raise UserError(f"{file} exists and is not overwritten; remove it, or give --output.")
    model = in_float32(saved.model)
    network = model if options.raw else detector(model)
    export_detector(network, file, options.format, saved.class_names)
    print(f"exported {file}, its outputs: {', '.join(sorted(network.output))}")
