"""Squeeze and excitation, one for all blocks of a stage."""

import keras

from ras_keras.layers.squeeze_excitation import SqueezeExcitation


@keras.saving.register_keras_serializable(package="ras_keras")
class SharedSqueezeExcitation(SqueezeExcitation):
    """One `SqueezeExcitation` for all blocks of a stage (DIA-SE).

    A network makes it once a stage and calls it once a block. Arguments, shapes
    and errors are those of `SqueezeExcitation`.

    Source: arXiv 1905.10671, Table 1.
    """

    shared_by_stage = True
