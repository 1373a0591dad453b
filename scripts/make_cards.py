"""Write the cards of the trained models from their records: python scripts/make_cards.py

scripts/ship.py leaves the records in results/pretrained, `benchmark.py formats` their speed.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pandas as pd

from ras_keras.benchmark.file import read_benchmark
from ras_keras.benchmark.networks.key import identity
from ras_keras.papers.markdown import DATASETS
from ras_keras.papers.records import RunRecord
from ras_keras.pretrained import ShippedModel, shipped_models
from ras_keras.runs.run_folder import RunFolder
from ras_keras.text.markdown import code, escaped, table

ROOT = Path(__file__).parents[1]
RECORDS = ROOT / "results" / "pretrained"
CARDS = ROOT / "docs" / "models"
SPEED = RECORDS / "speed.csv"
DATA = {
    "cifar10": "CIFAR-10 (Krizhevsky 2009): 50,000 training and 10,000 test images of 32x32",
    "cifar100": "CIFAR-100 (Krizhevsky 2009): 50,000 training and 10,000 test images of 32x32",
    "digits": "scikit-learn's digits (UCI, Alpaydin and Kaynak 1998), 8x8 pixels enlarged to 32x32",
}


def main() -> None:
    CARDS.mkdir(exist_ok=True)
    models = shipped_models()
    for model in models.values():
        (CARDS / f"{model.name}.md").write_text(card(model), encoding="utf-8")
    (CARDS / "index.md").write_text(index(models), encoding="utf-8")


def index(models: dict[str, ShippedModel]) -> str:
    """The page that lists the cards."""
    rows = [
        {
            "model": f"[{code(name)}]({name}.md)",
            "data": DATASETS.get(model.dataset, model.dataset),
            "test accuracy, %": f"{100 * model.test_accuracy:.2f}",
            "trainable parameters": f"{model.trainable_parameters:,}",
        }
        for name, model in models.items()
    ]
    listed = table(pd.DataFrame(rows))
    return f"# Trained models\n\n{listed}\n\n[How to use them](../guides/trained_models.md).\n"


def card(model: ShippedModel) -> str:
    """The page of a model."""
    folder = RECORDS / model.name
    record = RunRecord(RunFolder(folder))
    parts = [
        f"# {model.name}",
        _facts(model, record),
        f'```python\nimport ras_keras\n\nmodel = ras_keras.load_model("{model.name}")\n```',
        f"Trained by\n\n<!-- not run: trains -->\n```bash\n{model.command}\n```",
        f"![Curves](../../results/pretrained/{model.name}/curves.png)",
        "## Forms",
        "The test images in the runtimes and types that the model deploys in; changed labels are "
        "those that differ from Keras's in float32.",
        _forms(pd.read_csv(folder / "forms.csv")),
        "## Robustness",
        "Test accuracy with each of 15 simple corruptions at one strength, after the kinds of "
        "CIFAR-10-C and not CIFAR-10-C itself ([what they do]"
        "(../guides/trained_models.md#how-good-they-are)):",
        _corruptions(pd.read_csv(folder / "corruptions.csv")),
        f"![Robustness](../../results/pretrained/{model.name}/corruptions.png)",
    ]
    if SPEED.is_file():
        parts += ["## Speed", *_speed(model, record)]
    return "\n\n".join(parts) + "\n"


def _facts(model: ShippedModel, record: RunRecord) -> str:
    result, gates = record.result, record.gates()
    forms = pd.read_csv(RECORDS / model.name / "forms.csv")
    precision = record.recipe.execution.precision
    facts = {
        "network": code(model.network),
        "data": DATA[model.dataset],
        "trained on": f"{result['training_images']:,} images, {result['epochs']} epochs in "
        f"{precision}, seed {record.recipe.execution.seed}: {result['seconds'] / 60:.0f} min on "
        f"{escaped(result.get('device', ''))}",
        "test accuracy": f"{100 * model.test_accuracy:.2f} % of {model.test_images:,} images (one "
        f"run; {100 * result['final']['test_accuracy']:.2f} % in {precision} at its end), its last "
        "weights; the test set chose nothing",
        "expected calibration error": f"{100 * forms['calibration_error'][0]:.2f} %, 15 bins",
        "parameters": f"{model.trainable_parameters:,} trainable; "
        f"{model.path.stat().st_size / 1e6:.1f} MB",
        "SHA-256": code(model.sha256),
        "licence": "MIT, as the package; the images are their authors'",
    }
    if len(gates):
        facts["gates"] = (
            f"spread over 128 images {gates['spread'].mean():.3f} (mean of {len(gates)} layers), "
            f"{gates['gamma_alive'].mean():.0%} of the channels have left γ = 0"
        )
    rows = pd.DataFrame({"": [*facts], " ": [*facts.values()]})
    return table(rows)


def _forms(forms: pd.DataFrame) -> str:
    return table(
        pd.DataFrame(
            {
                "form": forms["form"].map(escaped),
                "test accuracy, %": (100 * forms["accuracy"]).map("{:.2f}".format),
                "labels changed, %": (100 * forms["changed_labels"]).map("{:.2f}".format),
                "calibration error, %": (100 * forms["calibration_error"]).map("{:.2f}".format),
            }
        )
    )


def _corruptions(rows: pd.DataFrame) -> str:
    return table(
        pd.DataFrame(
            {
                "corruption": rows["corruption"].str.replace("_", " "),
                "test accuracy, %": (100 * rows["accuracy"]).map("{:.2f}".format),
            }
        )
    )


def _speed(model: ShippedModel, record: RunRecord) -> list[str]:
    """The rows of `benchmark.py formats` for this network."""
    speeds = read_benchmark(SPEED)
    own = speeds[speeds["network"] == identity(record.recipe.network)[1]]
    if not len(own):
        return ["Not measured."]
    first = own.iloc[0]
    rows = pd.DataFrame(
        {
            "runtime": own["runtime"].map(escaped),
            "format": own["format"].map(escaped),
            "images/s": own["images_per_second_median"].map("{:,.0f}".format),
            "one image, ms": own["latency_median"].map("{:.2f}".format),
        }
    )
    return [
        f"Folded, {first['threads']} threads, batches of {first['batch_size']}, medians of "
        f"{first['n']} rounds on {escaped(first['device'])} ({escaped(first['processor'])}), by\n\n"
        "<!-- not run: takes minutes -->\n```bash\npython scripts/benchmark.py formats --models "
        "resnet:block=basic --depths 20 \\\n    --attentions none ras:gamma_initializer=0.1 se "
        "--fold yes --output results/pretrained/speed.csv\n```",
        table(rows),
    ]


if __name__ == "__main__":
    sys.exit(main())
