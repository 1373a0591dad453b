"""The models that come with the package, by name and by the data set that they were trained on."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ras_keras.errors import UserError
from ras_keras.files import checksum
from ras_keras.values.json_files import read_json
from ras_keras.values.typed import Count, Share

HERE = Path(__file__).parent
LIST = HERE / "models.json"


@dataclass(frozen=True)
class ShippedModel:
    """A model of the package, as models.json has it.

    Attributes:
        name: such as "ras_resnet20_cifar10".
        dataset: that it was trained on.
        network: the flags that build it, such as "--model resnet:block=basic --depth 20".
        classes: their number.
        mean: of each channel of that data set, in pixel units.
        variance: likewise, in squared pixel units.
        trainable_parameters: their number.
        test_images: of the data set.
        test_accuracy: part of them that it names right, in float32.
        command: that trained it.
        sha256: of its file, in hexadecimal.
    """

    name: str
    dataset: str
    network: str
    classes: Count
    mean: tuple[float, ...]
    variance: tuple[float, ...]
    trainable_parameters: Count
    test_images: Count
    test_accuracy: Share
    command: str
    sha256: str

    @property
    def file(self) -> Path:
        """Its `.keras` file, whatever is in it."""
        return file_of(self.name)

    @property
    def path(self) -> Path:
        """Its `.keras` file, after a look at its checksum.

        Raises:
            UserError: if it is missing or is not the one that was shipped.
        """
        found = checksum(self.file)
        if found != self.sha256:
            problem = "is missing" if found is None else f"has another SHA-256, {found}"
            raise UserError(
                f"{self.file}, the model {self.name} of the package, {problem}; install ras_keras "
                "again."
            )
        return self.file


def file_of(name: str) -> Path:
    """Where the file of a model lies, or will lie."""
    return HERE / "weights" / f"{name}.keras"


@cache
def shipped_models() -> dict[str, ShippedModel]:
    """All of them, by name."""
    models = read_json(LIST, tuple[ShippedModel, ...], "install ras_keras again")
    return {model.name: model for model in models}


def named(name: object) -> tuple[ShippedModel, ...]:
    """The model of a name, or those of the data set of a name; none for any other text."""
    models = shipped_models()
    if name in models:
        return (models[str(name)],)
    return tuple(model for model in models.values() if model.dataset == name)


def check_exists(path: str | Path) -> None:
    """Refuses a word that names neither a file nor a model.

    Raises:
        UserError: listing the models.
    """
    path = Path(path)
    if path.name == str(path) and not path.suffix and not path.exists():
        names = ", ".join(shipped_models())
        raise UserError(f"{path}: no such file, and no model of the package; those are {names}.")


def of_file(path: Path) -> ShippedModel | None:
    """The model of the package whose file this is, None for another."""
    model = shipped_models().get(path.stem)
    return model if model and path == model.file else None


def written_as(path: Path) -> Path:
    """Where what is made of a model's file is written, and by which name: beside it.

    What is made of a model of the package is written to the working folder.
    """
    return Path(path.name) if of_file(path) else path


def shipped_file(name: str | Path) -> Path | None:
    """The file of the model of a name, None for any other path.

    Raises:
        UserError: if the file is damaged; for the name of a data set that has models, and a word
            that names neither a file nor a model.
    """
    models = named(name)
    if not models:
        check_exists(name)
        return None
    if models[0].name != name:
        names = ", ".join(model.name for model in models)
        raise UserError(f"{name} is the data set of trained models; name one of them: {names}.")
    return models[0].path
