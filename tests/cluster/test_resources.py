"""What a worker has of a machine or of a cluster."""

import pytest

from ras_keras.cluster.resources import Share, Workers
from ras_keras.errors import UserError


@pytest.mark.parametrize(
    ("asked", "cores", "gpus", "share"),
    [
        (Workers(workers=2), 8, 0, (2, 4, 0)),
        (Workers(workers=3), 8, 1, (3, 2, 1 / 3)),
        (Workers(workers=2), 8, 5, (2, 4, 2)),
        # Parts of a GPU, of which two of 2/3 would not lie on one.
        (Workers(workers=3), 8, 2, (3, 2, 1 / 2)),
        (Workers(workers=2, worker_cpus=1, worker_gpus=0), 8, 4, (2, 1, 0)),
    ],
)
def test_of_a_machine(asked, cores, gpus, share):
    assert Share.of_machine(asked, cores, gpus) == Share(*share)


@pytest.mark.parametrize(
    ("asked", "cores", "gpus", "share"),
    [
        (Workers(address="auto"), 16, 0, (16, 1, 0)),
        (Workers(address="auto"), 32, 4, (4, 8, 1)),
        (Workers(address="auto", worker_gpus=0.25), 32, 4, (16, 2, 0.25)),
        (Workers(address="auto", worker_gpus=0.6), 32, 4, (4, 4, 0.6)),
        (Workers(address="auto", worker_cpus=4, worker_gpus=0), 32, 4, (8, 4, 0)),
        (Workers(address="auto", workers=3), 32, 4, (3, 8, 1)),
    ],
)
def test_of_a_cluster(asked, cores, gpus, share):
    assert Share.of_cluster(asked, [(cores, gpus)]) == Share(*share)


def test_more_than_there_is():
    with pytest.raises(UserError, match=r"worker_gpus=1 is too many for 2 workers.*has 1 GPUs"):
        Share.of_machine(Workers(workers=2, worker_gpus=1), 8, 1)
    with pytest.raises(UserError, match="the cluster has 4 cores and 0 GPUs, and a worker needs 4"):
        Share.of_cluster(Workers(address="auto", worker_cpus=4), [(2, 0), (2, 0)])
    with pytest.raises(UserError, match=r"workers=5 is too many .* room for 4"):
        Share.of_cluster(Workers(address="auto", workers=5), [(2, 0), (2, 0)])


def test_a_worker_lies_on_one_machine():
    """A head with many cores and no GPU gives none to the workers of the others."""
    share = Share.of_cluster(Workers(address="auto"), [(64, 0), (8, 1), (8, 1)])
    assert share == Share(2, 8, 1)
