"""What keras-tuner does not publish and the search needs; seen in keras-tuner 1.4.8.

`ras_keras.tuning.oracles` and `ras_keras.tuning.tuner` also call and replace methods that the
classes of keras-tuner keep to themselves: `INHERITED` names all of them.
"""

import keras_tuner as kt
from keras_tuner.engine.trial import TrialStatus
from keras_tuner.oracles import BayesianOptimizationOracle, HyperbandOracle

__all__ = ["INHERITED", "TrialStatus", "add_chief"]

INHERITED = {
    kt.Oracle: {
        "_duplicate",
        "_get_oracle_fname",
        "_get_trial_dir",
        "_max_collisions",
        "_retry_queue",
        "_save_trial",
        "_set_project_dir",
    },
    BayesianOptimizationOracle: {"_random_populate_space"},
    HyperbandOracle: {"_get_epochs", "_get_num_brackets", "_get_num_rounds", "_get_size"},
    kt.Tuner: {"_is_worker", "_populate_initial_space", "_try_run_and_update_trial"},
}


def add_chief(oracle: kt.Oracle, server) -> None:
    """Has a gRPC server answer the workers of a search.

    Args:
        oracle: that they ask.
        server: a `grpc.Server`, not started.
    """
    from keras_tuner.src import protos
    from keras_tuner.src.distribute.oracle_chief import OracleServicer

    protos.get_service_grpc().add_OracleServicer_to_server(OracleServicer(oracle), server)
