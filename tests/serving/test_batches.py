"""Images of several requests in one batch, without a model."""

import asyncio
import threading

import numpy as np
import pytest

from ras_keras.serving import batches as batches_module
from ras_keras.serving.batches import Batches
from ras_keras.serving.busy import Busy


class Model:
    """Says of an image what it holds; waits with it until it may."""

    def __init__(self):
        self.may = threading.Event()
        self.sizes = []

    def __call__(self, images):
        assert self.may.wait(10)
        self.sizes.append(len(images))
        return images.reshape(len(images), -1)


def image(number, height=1):
    return np.full((height, 1, 1), number, "uint8")


def ask(batches, numbers):
    return [asyncio.create_task(batches.probabilities(image(number))) for number in numbers]


def test_what_comes_meanwhile_is_the_next_batch():
    model = Model()

    async def go():
        asked = ask(Batches(model, most=4), range(10))
        await asyncio.sleep(0.05)
        model.may.set()
        return await asyncio.gather(*asked)

    assert [int(answer[0]) for answer in asyncio.run(go())] == [*range(10)]
    assert model.sizes == [1, 4, 4, 1]


def test_who_has_left_is_left_out():
    model = Model()

    async def go():
        asked = ask(Batches(model, most=4), range(4))
        await asyncio.sleep(0.05)
        for each in asked[:3]:
            each.cancel()
        await asyncio.sleep(0)
        model.may.set()
        return await asked[3]

    assert int(asyncio.run(go())[0]) == 3
    assert model.sizes == [1, 1]


def test_who_has_left_takes_no_place(monkeypatch):
    monkeypatch.setattr(batches_module, "MAXIMUM_WAITING", 3)
    model = Model()

    async def go():
        batches = Batches(model, most=4)
        asked = ask(batches, range(4))
        await asyncio.sleep(0.05)
        for each in asked[1:]:
            each.cancel()
        (new,) = ask(batches, [4])
        await asyncio.sleep(0)
        model.may.set()
        return await new

    assert int(asyncio.run(go())[0]) == 4
    assert model.sizes == [1, 1]


def test_a_batch_that_fails_fails_for_all_of_it_and_for_no_other():
    def fail(images):
        if len(images) == 2:
            raise ValueError("two")
        return images.reshape(len(images), -1)

    async def go():
        batches = Batches(fail, most=2)
        return await asyncio.gather(*ask(batches, range(4)), return_exceptions=True)

    first, *both, last = asyncio.run(go())
    assert [int(first[0]), int(last[0])] == [0, 3]
    assert [str(error) for error in both] == ["two", "two"]


def test_a_batch_that_cannot_be_made_fails_and_the_next_is_predicted():
    model = Model()

    async def go():
        batches = Batches(model, most=4)
        asked = [
            asyncio.create_task(batches.probabilities(image(5, height))) for height in (1, 1, 2)
        ]
        await asyncio.sleep(0.05)
        model.may.set()
        async with asyncio.timeout(10):
            found = await asyncio.gather(*asked, return_exceptions=True)
            return found, await batches.probabilities(image(6))

    (first, *both), last = asyncio.run(go())
    assert [int(first[0]), int(last[0])] == [5, 6]
    assert all("same shape" in str(error) for error in both)


@pytest.mark.parametrize("bound", ["MAXIMUM_WAITING", "ROOM"])
def test_a_full_queue_and_one_that_ends(monkeypatch, bound):
    """Full by the number of images or by their bytes, one of each."""
    monkeypatch.setattr(batches_module, bound, 2)
    model = Model()

    async def go():
        batches = Batches(model, most=4)
        asked = ask(batches, range(3))
        await asyncio.sleep(0.05)
        with pytest.raises(Busy, match="2 images wait already"):
            await batches.probabilities(image(3))
        batches.stop()
        model.may.set()
        return await asyncio.gather(*asked, return_exceptions=True)

    first, *waited = asyncio.run(go())
    assert int(first[0]) == 0
    assert all(isinstance(each, Busy) for each in waited)
