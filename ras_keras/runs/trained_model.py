"""The model that a run left behind, found by the run or by its file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras

from ras_keras.backend.imports import import_modules
from ras_keras.errors import UserError
from ras_keras.pretrained import of_file, shipped_file
from ras_keras.recipes.data import DataRecipe
from ras_keras.recipes.recipe import Recipe
from ras_keras.recipes.values import is_older
from ras_keras.runs.run_folder import RunFolder
from ras_keras.saving.loading import load_model


@dataclass(frozen=True)
class TrainedModel:
    """A saved model.

    Attributes:
        path: of its `.keras` file.
        recipe: of the run that it lies in, None if it lies in none.
    """

    path: Path
    recipe: Recipe | None

    @classmethod
    def find(cls, path: str | Path) -> "TrainedModel":
        """That of a file, the best one of a run folder, or one of the package by its name.

        Raises:
            UserError: for a folder without a model, or a damaged recipe.
        """
        path = shipped_file(path) or Path(path)
        if path.is_dir():
            run = RunFolder.open(str(path))
            # One of a version before 0.6 is refused here; a file in it is not.
            run.read_recipe()
            path = run.file("best.keras")
            if not path.exists():
                raise UserError(f"{path.parent} has no best.keras yet; let it finish an epoch.")
        return cls(path, recipe_beside(path))

    @property
    def data(self) -> DataRecipe | None:
        """What it was trained on, None if nothing says so."""
        return data_of(self.path)

    def load(self, imports: Sequence[str] = ()) -> keras.Model:
        """Loads it.

        Args:
            imports: modules to import first, beside those of the run.

        Raises:
            UserError: naming a module that cannot be imported, or what is wrong with the file.
        """
        import_modules((*(self.recipe.network.imports if self.recipe else ()), *imports))
        return load_model(self.path)


def data_of(path: Path) -> DataRecipe | None:
    """What a model was trained on by the run that its file or folder lies in, or by the package.

    Returns:
        None if nothing says so.

    Raises:
        UserError: if the recipe is damaged.
    """
    if recipe := recipe_beside(path):
        return recipe.data
    shipped = of_file(path)
    return DataRecipe(dataset=shipped.dataset) if shipped else None


def recipe_beside(path: Path) -> Recipe | None:
    """The recipe of the run that a model's file or folder lies in, None if it lies in none.

    One of a version before 0.6 counts as none: its models are loaded as files.

    Raises:
        UserError: if the recipe is damaged.
    """
    run = RunFolder(path.parent)
    file = run.file("recipe.json")
    return run.read_recipe() if file.is_file() and not is_older(file) else None
