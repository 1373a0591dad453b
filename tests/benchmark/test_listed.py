"""Which networks a benchmark measures."""

from ras_keras.benchmark.networks.listed import network_recipes


def test_a_usual_depth_is_for_the_models_that_have_it():
    models = ("resnet", "resnet:block=basic", "mobilenet_v2", "imagenet_resnet")
    recipes = network_recipes(models, (), ("none",), usual_depth=20)
    assert [each.network.depth for each in recipes] == [20, 20, None, 50]
    assert [each.network.depth for each in network_recipes(("resnet",), (), ("none",))] == [164]
