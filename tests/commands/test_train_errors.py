"""Flags of train that cannot be: one line that names the value and the way out, exit code 2."""

import pytest

from ras_keras.commands.line.flags import parse_with_recipe
from ras_keras.commands.train import Train
from ras_keras.training import check_recipe


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--depth", "50"], ["47 and 56", "50"]),
        (["--k", "0"], ["k must be an integer >= 1", "k=0"]),
        (["--k", "-1"], ["k=-1"]),
        (["--dataset", "cifra10"], ["'cifra10' is unknown; the nearest is 'cifar10'", "digits"]),
        (["--attention", "rass"], ["one of none, ras, se", "'rass'", "nearest is 'ras'"]),
        (["--recipe", "papr"], ["paper, quick", "'papr'", "nearest is 'paper'"]),
        (["--precision", "float16"], ["mixed_float16", "'float16'"]),
        (["--attention", "ras:connection=bachnorm"], ["None or one of batch_norm", "'bachnorm'"]),
        (["--batch-size", "0"], ["--batch-size must be >= 1", "0"]),
        (["--batch-size", "5000"], ["5000", "1,293 training images"]),
        (
            ["--recipe", "quick", "--steps-per-execution", "5"],
            ["5", "36 steps", "one of 1, 2, 3, 4, 6"],
        ),
        (["--dataset", "imdb_reviews"], ["imdb_reviews is no image-classification set"]),
        (["--dataset", "beans", "--image-size", "0"], ["--image-size must be >= 1"]),
        (["--dataset", "imagenette"], ["imagenette vary in size", "--image-size"]),
        (["--dept", "20"], ["unknown flag --dept; the nearest is --depth"]),
        (["--lr", "0.1"], ["unknown flag --lr; the nearest is --learning-rate"]),
        (["--dataset", "folder:nowhere"], ["folder:nowhere", "no such folder", "PATH/train/CLASS"]),
        (["--dataset", "cifar10", "--data-dir", "nowhere"], ["nowhere", "--download", "digits"]),
        (["--resume", "nowhere"], ["nowhere is no run folder"]),
        (["--weights", "nowhere.keras"], ["nowhere.keras: no such file"]),
        (["--add-attention", "se"], ["--model saved is the network of --weights", "name a .keras"]),
        (
            ["--recipe", "quick", "--add-attention", "se"],
            ["--model saved is the network of --weights"],
        ),
        (
            ["--model", "wrn", "--attention", "dia:dropout=2"],
            ["--attention dia:dropout=2: dropout"],
        ),
        (["--freeze"], ["--freeze says nothing without --weights"]),
        (
            ["--add-attention", "se", "--attention", "ras"],
            ["--attention ras and --add-attention se exclude each other"],
        ),
        (
            ["--add-attention", "se", "--model", "wrn"],
            ["--model wrn and --add-attention se exclude each other"],
        ),
        (["--model", "resnett"], ["resnet, preresnet, wrn, resnext", "nearest is 'resnet'"]),
        (["--model", "wrn", "--depth", "30"], ["6n+4", "28 and 34", "depth=30"]),
        (["--attention", "se:reduction_ratio=65"], ["reduction_ratio", "64", "=65"]),
        (["--attention", "eca:kernel_size=4"], ["kernel_size must be odd", "=4"]),
        (["--attention", "eca:kernel_size=65"], ["kernel_size", "channels", "64"]),
        (["--attention", "cbam:kernel_size=6"], ["kernel_size must be odd", "=6"]),
        (["--attention", "dia:cells=0"], ["cells must be an integer >= 1", "=0"]),
        (["--model", "resnet:attention_stages=1+1"], ["attention_stages", "(1, 1)"]),
        (["--model", "resnet:attention_stages=4"], ["attention_stages", "(4,)"]),
        (["--attention", "dia:activation=gelu"], ["sigmoid, tanh, relu", "'gelu'"]),
        (["--attention", "cbam:kernel_size=1000001"], ["at most 4,095", "=1000001"]),
        (["--name", "../elsewhere"], ["--name ../elsewhere leads out of --log-dir"]),
        (["--name", "/elsewhere"], ["--name /elsewhere leads out of --log-dir"]),
        (["--attention", "cbam", "--k", "2"], ["--k must be 1 for cbam", "no recurrence"]),
        (["--attention", "dia", "--k", "2"], ["--k must be 1 for dia", "no recurrence"]),
        (["--attention", "sem", "--k", "2"], ["--k must be 1 for sem", "no recurrence"]),
        (
            ["--attention", "se:cells=2"],
            ["--attention se:cells=2: the option must be one of", "use_bias, k", "'cells'"],
        ),
        (
            ["--attention", "none", "--k", "2"],
            ["--attention none:k=2: none takes no options"],
        ),
        (["--model", "wrn:skip=False"], ["--model wrn:skip=False: the option must be one of"]),
        (["--model", "preresnet:batch_norm=False"], ["'batch_norm'", "attention_stages"]),
        (["--model", "resnet:widen_factor=1"], ["'widen_factor'", "batch_norm, skip"]),
        (["--model", "wrn:widen_factor=0"], ["widen_factor must be", "=0"]),
        (["--model", "wrn:dropout=1"], ["--model wrn:dropout=1: dropout must be in [0, 1)", "1.0"]),
        (["--imports", "nowhere"], ["--imports nowhere failed", "No module named 'nowhere'"]),
        (["--training-images", "9999"], ["--training-images 9999", "1,293", "choose fewer"]),
        (["--training-images", "0"], ["--training-images must be >= 1"]),
        (["--recipe", "strong", "--cutmix", "1"], ["--cutout 16 and --cutmix 1"]),
        (["--warmup-epochs", "164"], ["--warmup-epochs 164 (recipe ras-resnet164)", "less than"]),
        (["--crop-padding", "32"], ["--crop-padding 32", "32x32", "choose less than 32"]),
        (["--k", "101"], ["--k must be at most 100", "101"]),
        (
            ["--attention", "dia:cells=101"],
            ["--attention dia:cells=101: cells must be at most 100"],
        ),
        (["--attention", "ras:gamma_initializer=nan"], ["gamma_initializer must be", "nan"]),
        (
            ["--model", "resnet:attention_stages=1", "--attention", "none"],
            ["attention_stages says nothing to --attention none"],
        ),
        (["--attention", "ras:k=2", "--k", "3"], ["--attention ras:k=2", "--k 3", "one of them"]),
        (["--mirror", "maybe"], ["--mirror", "maybe"]),
    ],
)
def test_train(refused, arguments, says):
    refused(*arguments, says=says)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--k", "1.5"], "--k must be an integer. Received: '1.5'; the nearest is 2."),
        (["--epochs", "ten"], "--epochs must be an integer. Received: 'ten'."),
        (["--learning-rate", "fast"], "--learning-rate must be a number. Received: 'fast'."),
        (["--schedule", "5", "x"], "--schedule must be an integer. Received: 'x'."),
        (["--batch-size", "2.5"], "--batch-size must be an integer. Received: '2.5'; the nearest"),
        (["--k"], "--k needs a value, INT; see python scripts/train.py --help."),
        (["--resume"], "--resume needs a value, RUN_FOLDER; see python scripts/train.py --help."),
        (["--name", "--k", "2"], "--name needs a value, NAME; see python scripts/train.py --help"),
        (["junk"], "'junk' belongs to no flag; see python scripts/train.py --help."),
        (["--k", "2", "3"], "'3' belongs to no flag"),
        (["--download=yes"], "--download takes no value; see python scripts/train.py --help."),
        (["--help=yes"], "the arguments cannot be read; see python scripts/train.py --help."),
        (["--download", "yes"], "'yes' belongs to no flag"),
    ],
)
def test_wrong_types(refused, arguments, says):
    refused(*arguments, says=[says])


@pytest.mark.parametrize(
    ("arguments", "new"),
    [
        (["--gamma-initializer", "0.1"], "--attention ras:gamma_initializer=0.1"),
        (["--attention", "se", "--reduction-ratio=8"], "--attention se:reduction_ratio=8"),
        (["--attention", "dia", "--cells", "2"], "--attention dia:cells=2"),
        (["--attention", "ras:k=3", "--no-shared"], "--attention ras:k=3,shared=False"),
        (["--connection", "none", "--k", "3"], "--attention ras:connection=none"),
        (["--model", "wrn", "--widen-factor", "8"], "--model wrn:widen_factor=8"),
        (["--widen_factor", "8"], "--model wrn:widen_factor=8"),
        (
            ["--attention-stages", "1", "3", "--normalize-input"],
            "--model resnet:attention_stages=1+3 --attention ras:normalize_input=True",
        ),
    ],
)
def test_flags_that_are_options_now(refused, arguments, new):
    refused(*arguments, says=[f"given as an option now, {new}\n"])
    command = [*new.split(), *(["--k", "3"] if "--k" in arguments else [])]
    check_recipe(parse_with_recipe(Train, command, "train").recipe)
