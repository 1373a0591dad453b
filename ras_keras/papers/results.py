"""The rows of a table: our figures beside the published ones."""

import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, TypedDict

from ras_keras.layers.registry import make_attention
from ras_keras.papers.published import Published
from ras_keras.papers.records import Record, describe
from ras_keras.papers.study import Study, run_name
from ras_keras.recipes.recipe import Recipe
from ras_keras.values.csv_files import read_rows
from ras_keras.values.json_files import read_json
from ras_keras.values.typed import Amount, Count, Natural, Share, Text, That


class Collection(TypedDict):
    """What a folder of records is: collection.json."""

    title: Text


Percent = Annotated[float, That(lambda x: 0 <= x <= 100, "a percentage, 0 to 100")]
COLUMNS = {
    # Which row it is.
    **dict.fromkeys(("title", "scale", "group", "entry", "network", "attention"), Text),
    **{"k": Count | None, "dataset": Text},
    # Our figures: accuracies in percent, over n seeds.
    **{"n": Natural, "diverged": Natural, "accuracy": Percent | None},
    "accuracy_sd": Amount | None,
    # The paper's, as printed, and ours minus the paper's.
    **dict.fromkeys(("published", "published_sd", "published_network"), str),
    "difference": float | None,
    **{"parameters": Count | None, "published_parameters_million": str},
    "training_images_per_second": Amount | None,
    "inference_images_per_second": Amount | None,
    "published_fps": str,
    # Of the gates after the last epoch: the spread over images, and how many have left gamma = 0.
    **{"gate_spread": Amount | None, "gamma_alive": Share | None},
    **{"device": str, "recipe": Text},
}
DIGITS = {"accuracy": 2, "accuracy_sd": 2, "difference": 2, "gamma_alive": 3}
COLLECTION = "collection.json"

# From a recipe to images a second in inference, None if nobody has measured its network.
Speed = Callable[[Recipe], float | None]


def study_rows(study: Study, folder: Path, inference: Speed) -> list[dict]:
    """A row for each of a table's, whether its runs have been made or not.

    The published figures stand beside runs of full size only: with a smaller network, or trained
    for less, they compare nothing.

    Args:
        study: the table.
        folder: of its records.
        inference: the speed of a recipe's network.

    Raises:
        UserError: if a record is damaged or of another recipe.
    """
    rows = []
    for row in study.rows():
        recipes = [row.recipe.replace(seed=seed) for seed in range(study.seeds)]
        found = [Record.find(folder / run_name(recipe), recipe) for recipe in recipes]
        records = [record for record in found if record is not None]
        labels = {"title": study.title, "scale": str(study.scale)}
        labels |= {"group": row.group, "entry": row.entry}
        published = None if study.scale else row.published
        rows.append(labels | _figures(row.recipe, records, published, inference))
    return rows


def collection_rows(folder: Path, inference: Speed) -> list[dict]:
    """A row for each network of a folder of records, whose collection.json has their title.

    Raises:
        UserError: if a record or the title is damaged.
    """
    title = read_json(folder / COLLECTION, Collection, "restore it")["title"]
    groups = {}
    for path in sorted(folder.iterdir()):
        if record := Record.of(path):
            groups.setdefault(record.recipe.replace(seed=0), []).append(record)
    rows = []
    for recipe, records in groups.items():
        images = {f"{r.result['training_images']:,}" for r in records if not r.diverged}
        labels = {
            "title": title,
            "scale": f"{' or '.join(images) or '?'} training images, {recipe.optimization.epochs} "
            f"epochs, batches of {recipe.optimization.batch_size}",
            "group": recipe.network.describe_model(),
            "entry": recipe.network.describe_attention(),
        }
        rows.append(labels | _figures(recipe, records, None, inference))
    return rows


def _figures(
    recipe: Recipe, records: Sequence[Record], published: Published | None, inference: Speed
) -> dict:
    whole = [record for record in records if not record.diverged]
    results = [record.result for record in whole]
    accuracies = [100 * _accuracy(result) for result in results]
    accuracy = _mean(accuracies)
    layer = make_attention(*recipe.network.attention_arguments())
    printed = published.value if published else ""
    row = {
        "network": recipe.network.describe_model(),
        "attention": recipe.network.describe_attention(),
        "k": getattr(layer, "k", None),
        "dataset": recipe.data.dataset,
        "n": len(whole),
        "diverged": len(records) - len(whole),
        "accuracy": accuracy,
        "accuracy_sd": statistics.stdev(accuracies) if len(accuracies) > 1 else None,
        "published": printed,
        "published_sd": published.sd if published else "",
        "published_network": published.backbone if published else "",
        "difference": accuracy - float(printed) if whole and _is_number(printed) else None,
        "parameters": results[0]["trainable_parameters"] if results else None,
        "published_parameters_million": published.parameters_million if published else "",
        "training_images_per_second": _mean(
            [statistics.median(_column(record, "images_per_second")) for record in whole]
        ),
        "inference_images_per_second": inference(recipe),
        "published_fps": published.fps if published else "",
        "gate_spread": _mean([x for each in whole for x in _column(each, "gate_spread")[-1:]]),
        "gamma_alive": _mean(
            [
                gate["gamma_alive"]
                for record in whole
                for gate in record.gates()
                if gate["gamma_alive"] is not None
            ]
        ),
        "device": "; ".join(dict.fromkeys(result.get("device", "") for result in results)),
        "recipe": describe(recipe),
    }
    return {name: _rounded(name, value) for name, value in row.items()}


def _accuracy(result: dict) -> float:
    """Of the epoch that held-out images chose, or of the last: never of one that the test chose."""
    return result["final" if result["protocol"] == "paper" else "best"]["test_accuracy"]


def _column(record: Record, name: str) -> list[float]:
    return [row[name] for row in record.metrics() if row.get(name) is not None]


def _mean(values) -> float | None:
    return statistics.fmean(values) if values else None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _rounded(name, value):
    if name == "gate_spread" and value is not None:
        # Of a gate on the saddle it is a millionth.
        return float(f"{value:.3g}")
    return round(value, DIGITS.get(name, 1)) if isinstance(value, float) else value


def read_results(file: Path) -> list[dict]:
    """The rows of a table's CSV file.

    Raises:
        UserError: naming what in it cannot be right.
    """
    return read_rows(file, COLUMNS)
