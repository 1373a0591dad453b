"""The rows of a table: our figures beside the published ones."""

from pathlib import Path
from typing import Annotated, TypedDict

import pandas as pd

from ras_keras.errors import UserError
from ras_keras.layers.registry import make_attention
from ras_keras.papers.records import RunRecord, describe
from ras_keras.papers.speeds import Speed
from ras_keras.papers.study import Study, run_name
from ras_keras.values.csv_files import read_table
from ras_keras.values.json_files import read_json
from ras_keras.values.typed import Amount, Count, Natural, Share, Text, That


class Collection(TypedDict):
    """What a folder of records is: collection.json."""

    title: Text


Percent = Annotated[float, That(lambda x: 0 <= x <= 100, "a percentage, 0 to 100")]
RESULT_COLUMNS = {
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
DIGITS = {
    **{"accuracy": 2, "accuracy_sd": 2, "difference": 2, "gamma_alive": 3},
    **{"training_images_per_second": 1, "inference_images_per_second": 1},
}
# What the paper prints of a row, as `Published` has it.
PRINTED = {
    **{"published": "value", "published_sd": "sd", "published_network": "backbone"},
    **{"published_parameters_million": "parameters_million", "published_fps": "fps"},
}
MEANS = ["accuracy", "gate_spread", "gamma_alive"]
COLLECTION = "collection.json"

# Of networks that were timed in turn: what a run says of its speed holds for its hour alone.
MEASURED = ("training", "inference")


def study_results(study: Study, folder: Path, speed: Speed) -> pd.DataFrame:
    """A row for each of a table's, whether its runs have been made or not.

    The published figures stand beside runs of full size only: with a smaller network, or trained
    for less, they compare nothing.

    Args:
        study: the table.
        folder: of its records.
        speed: of the networks.

    Raises:
        UserError: if a record is damaged or of another recipe.
    """
    rows = []
    for row in study.rows():
        recipes = [row.recipe.replace(seed=seed) for seed in range(study.seeds)]
        found = [RunRecord.find(folder / run_name(recipe), recipe) for recipe in recipes]
        published = None if study.scale else row.published
        labels = {name: getattr(published, field, "") for name, field in PRINTED.items()}
        labels |= {"scale": str(study.scale), "group": row.group, "entry": row.entry}
        rows.append((row.recipe, labels, [*filter(None, found)]))
    return _results(study.title, study.table, rows, speed)


def collection_results(folder: Path, speed: Speed) -> pd.DataFrame:
    """A row for each network of a folder of records, whose collection.json has their title.

    Raises:
        UserError: if a record or the title is damaged, and without any record.
    """
    title = read_json(folder / COLLECTION, Collection, "restore it")["title"]
    groups = {}
    for path in sorted(folder.iterdir()):
        if record := RunRecord.of(path):
            groups.setdefault(record.recipe.replace(seed=0), []).append(record)
    rows = []
    for recipe, records in groups.items():
        images = {f"{r.result['training_images']:,}" for r in records if not r.diverged}
        labels = {
            "scale": f"{' or '.join(images) or '?'} training images, {recipe.optimization.epochs} "
            f"epochs, batches of {recipe.optimization.batch_size}",
            "group": recipe.network.describe_model(),
            "entry": recipe.network.describe_attention(),
        }
        rows.append((recipe, labels | dict.fromkeys(PRINTED, ""), records))
    if not rows:
        raise UserError(f"{folder} holds no record of a run; lay one there, or remove it.")
    return _results(title, folder.name, rows, speed)


def _results(title: str, name: str, rows: list[tuple], speed: Speed) -> pd.DataFrame:
    """The table of recipes, each with its labels and the records of its runs."""
    table = pd.DataFrame(
        labels
        | {
            "title": title,
            "network": recipe.network.describe_model(),
            "attention": recipe.network.describe_attention(),
            "k": getattr(make_attention(*recipe.network.attention_arguments()), "k", None),
            "dataset": recipe.data.dataset,
            **{f"{what}_images_per_second": speed(recipe, what, name) for what in MEASURED},
            "recipe": describe(recipe),
        }
        for recipe, labels, _ in rows
    )
    runs = pd.DataFrame(
        [
            {"row": row} | _outcome(record)
            for row, (_, _, records) in enumerate(rows)
            for record in records
        ],
        columns=["row", "diverged", "parameters", "device", *MEANS],
    ).astype(dict.fromkeys(MEANS, float))
    of_row = runs.groupby("row")
    table = table.join(of_row[MEANS].mean()).join(
        of_row.agg(
            n=("accuracy", "count"),
            diverged=("diverged", "sum"),
            accuracy_sd=("accuracy", "std"),
            parameters=("parameters", "first"),
            device=("device", lambda names: "; ".join(names.dropna().unique())),
        )
    )
    table["difference"] = table["accuracy"] - pd.to_numeric(table["published"], errors="coerce")
    for name, digits in DIGITS.items():
        # Of the exact value, which `DataFrame.round` scales first.
        table[name] = [round(value, digits) for value in table[name].astype(float)]
    # Of a gate on the saddle it is a millionth.
    table["gate_spread"] = [float(f"{value:.3g}") for value in table["gate_spread"]]
    table = table.fillna({"n": 0, "diverged": 0, "device": ""})
    kinds = {"n": int, "diverged": int, "k": "Int64", "parameters": "Int64"}
    return table[[*RESULT_COLUMNS]].astype(kinds)


def _outcome(record: RunRecord) -> dict:
    """What came out of a run."""
    if record.diverged:
        return {"diverged": 1}
    result = record.result
    metrics = record.metrics().reindex(columns=["gate_spread"])
    # Of the epoch that held-out images chose, or of the last: never of one that the test chose.
    epoch = "final" if result["protocol"] == "paper" else "best"
    return {
        "diverged": 0,
        "accuracy": 100 * result[epoch]["test_accuracy"],
        "parameters": result["trainable_parameters"],
        "gate_spread": metrics["gate_spread"].dropna().iloc[-1:].mean(),
        "gamma_alive": record.gates()["gamma_alive"].mean(),
        "device": result.get("device", ""),
    }


def read_results(file: Path) -> pd.DataFrame:
    """The rows of a table's CSV file.

    Raises:
        UserError: naming what in it cannot be right.
    """
    return read_table(file, RESULT_COLUMNS)
