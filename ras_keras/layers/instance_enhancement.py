"""Instance enhancement, the gate that recurrent attention comes from."""

from ras_keras.layers.recurrent_attention import BETA_START, RecurrentAttention


def instance_enhancement(
    gamma_initializer: str | float = "zeros",
    beta_initializer: str | float = BETA_START,
    data_format: str | None = None,
    gain: float = 1.0,
    dtype: str | None = None,
    trainable: bool = True,
) -> RecurrentAttention:
    """The gate of instance enhancement batch normalization, on a branch behind its normalization.

        V = sigmoid(X' gamma + beta)

    It is `RecurrentAttention` with k = 1 and without a connection. As published
    the gate stands in every batch normalization of a network:
    `InstanceEnhancementBatchNormalization`.

    Trainable parameters for C channels: 2C.

    Args:
        gamma_initializer: of gamma, zeros as published.
        beta_initializer: of beta, -1 as published.
        data_format: as of `RecurrentAttention`.
        gain: likewise.
        dtype: as of `keras.layers.Layer`.
        trainable: likewise.

    Source: arXiv 1908.04008, Eqs. (4) and (5).
    """
    return RecurrentAttention(
        k=1,
        normalize_input=False,
        gamma_initializer=gamma_initializer,
        beta_initializer=beta_initializer,
        data_format=data_format,
        gain=gain,
        dtype=dtype,
        trainable=trainable,
    )
