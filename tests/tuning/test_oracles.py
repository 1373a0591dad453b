"""Searches that are cut off between any two steps, with trials that are only pretended."""

import json

import pytest

from ras_keras.errors import UserError
from ras_keras.training import RECIPES
from ras_keras.tuning.oracles import ALGORITHMS
from ras_keras.tuning.search import Search, SearchFolder
from ras_keras.tuning.space import make_space

FIXED = RECIPES["quick"].replace(epochs=9)


class Silent:
    def begun(self, oracle, trial):
        pass

    ended = begun


def opened(tmp_path, algorithm, names=("k",), trials=None, narrowed=()):
    space = make_space(FIXED, names, narrowed)
    search = Search(space, algorithm, trials, SearchFolder(tmp_path))
    oracle = search.oracle(Silent())
    oracle.resume(tmp_path / "oracle")
    return oracle


def ask(oracle):
    trial = oracle.create_trial("tuner0")
    return None if trial.status == "STOPPED" else trial


def tell(oracle, trial):
    values = trial.hyperparameters.values
    score = 0.1 * values.get("k", 1) + 0.01 * values.get("tuner/epochs", 1)
    oracle.update_trial(trial.trial_id, {"val_accuracy": score, "seconds": 1.0})
    trial.status = "COMPLETED"
    oracle.end_trial(trial)


def points(oracle):
    trials = sorted(oracle.trials.values(), key=lambda trial: int(trial.trial_id))
    return [tuple(trial.hyperparameters.values.items()) for trial in trials]


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_search_that_is_cut_off_in_every_trial_is_the_one_that_never_was(tmp_path, algorithm):
    """Each trial that was under way comes first again, and none that ended comes again."""
    names, trials = ["k", "learning_rate"], None if algorithm == "hyperband" else 4
    straight = opened(tmp_path / "straight", algorithm, names, trials)
    while trial := ask(straight):
        tell(straight, trial)
    assert len(straight.trials) == straight.planned == len(straight.ended) > 3
    for _ in range(100):
        cut = opened(tmp_path / "cut", algorithm, names, trials)
        begun = len(cut.trials)
        trial = ask(cut)
        if trial is None:
            break
        again = ask(opened(tmp_path / "cut", algorithm, names, trials))
        assert again.hyperparameters.values == trial.hyperparameters.values
        assert len(cut.trials) == begun + 1
        oracle = opened(tmp_path / "cut", algorithm, names, trials)
        tell(oracle, ask(oracle))
    assert len(cut.ended) == cut.planned
    assert len(set(points(cut))) == len(points(cut))
    if algorithm != "bayesian":
        # Its random starts for the optimum begin anew.
        assert points(cut) == points(straight)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_small_space_is_searched_once_and_then_ends(tmp_path, algorithm):
    oracle = opened(tmp_path, algorithm, trials=None if algorithm == "hyperband" else 10)
    while trial := ask(oracle):
        tell(oracle, trial)
    assert {trial.hyperparameters.values["k"] for trial in oracle.trials.values()} == {1, 2, 3, 4}
    rounds = [trial.hyperparameters.values.get("tuner/epochs") for trial in oracle.trials.values()]
    expected = {"hyperband": [1, 1, 1, 1, 3, 3, 3, 9]}.get(algorithm, [None] * 4)
    assert rounds == expected
    assert oracle.planned == len(expected)
    assert oracle.planned_epochs == (4 * 1 + 3 * 2 + 6 if algorithm == "hyperband" else 4 * 9)


def test_more_trials_go_on(tmp_path):
    oracle = opened(tmp_path, "random", trials=2)
    while trial := ask(oracle):
        tell(oracle, trial)
    oracle = opened(tmp_path, "random", trials=3)
    tell(oracle, ask(oracle))
    assert ask(oracle) is None
    assert len({point for point in points(oracle)}) == 3


def test_a_trial_of_which_only_its_own_file_was_written_is_run(tmp_path):
    tell(oracle := opened(tmp_path, "random", trials=3), ask(oracle))
    state = (tmp_path / "oracle" / "oracle.json").read_text()
    trial = ask(oracle)
    (tmp_path / "oracle" / "oracle.json").write_text(state)
    assert ask(opened(tmp_path, "random", trials=3)).trial_id == trial.trial_id


@pytest.mark.parametrize("name", ["oracle.json", "trial_0000/trial.json"])
def test_a_damaged_state_is_named(tmp_path, name):
    tell(oracle := opened(tmp_path, "grid"), ask(oracle))
    file = tmp_path / "oracle" / name
    file.write_text(file.read_text()[:50])
    with pytest.raises(UserError, match=rf"{name} is damaged \(.*\); restore it, or remove"):
        opened(tmp_path, "grid")
    file.write_text(json.dumps({}))
    with pytest.raises(UserError, match=rf"{name} is damaged \(.* is missing\); restore it"):
        opened(tmp_path, "grid")
