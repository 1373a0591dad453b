"""The flags that name the data set of a saved model."""

from dataclasses import dataclass

from ras_keras.data import ImageDataset
from ras_keras.data.folder import is_folder
from ras_keras.errors import UserError
from ras_keras.recipes.data import DataRecipe


@dataclass(frozen=True)
class DataFlags:
    """Which data set, for commands that take a model."""

    dataset: str | None = None
    """As for train.py; None is the one of the run folder that the model lies in. Another
    folder:PATH has the run's --image-size."""
    data_dir: str | None = None
    """Folder of prepared data sets, or where a folder:PATH lies now; None is the run's, else
    tensorflow-datasets' own."""
    download: bool = False
    """Create and fill a --data-dir that does not hold the data set."""
    image_size: int | None = None
    """Resize images to this height and width in pixels; None is the run's, if the data set is."""

    def arguments(self, model: str, recipe: DataRecipe | None) -> dict:
        """What to load: the flags, and for what they leave open the recipe of the model's run.

        Args:
            model: as the user named it.
            recipe: the data of the run that it lies in, None if it lies in none.

        Raises:
            UserError: if nothing says which data set.
        """
        if self.dataset is None and recipe is None:
            raise UserError(f"{model} lies in no run folder; name its data set by --dataset.")
        given = {
            "name": self.dataset,
            "data_dir": self.data_dir,
            "download": self.download,
            "image_size": self.image_size,
        }
        if recipe is None:
            return given
        own_folder = self.dataset is not None and is_folder(self.dataset)
        if own_folder and is_folder(recipe.dataset):
            # The run's images elsewhere, or others like them.
            return given | self._sizes(recipe)
        if own_folder or self.dataset not in (None, recipe.dataset):
            return given
        return given | {
            "name": recipe.dataset,
            "data_dir": _first(self.data_dir, recipe.data_dir),
            **self._sizes(recipe),
        }

    def _sizes(self, recipe):
        if self.image_size not in (None, recipe.image_size):
            return {"image_size": self.image_size}
        return {
            "image_size": recipe.image_size,
            "evaluation_resize": recipe.evaluation_resize,
        }


def _first(flag, of_run):
    return of_run if flag is None else flag


def print_notices(dataset: ImageDataset, width: int = 8) -> None:
    """Says what there is to be said of a data set, a line each, as wide as the other lines."""
    for notice in dataset.notices:
        print(f"{'notice':{width}} {notice}")
