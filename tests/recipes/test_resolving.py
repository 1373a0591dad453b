"""What a recipe leaves open, and where its data lie."""

from ras_keras.recipes.parted import difference
from ras_keras.recipes.resolving import located
from ras_keras.training import Recipe, resolve


def test_resolve():
    assert resolve(Recipe().replace(model="wrn")).network.depth == 52
    assert resolve(Recipe()).optimization.batch_size == 128
    assert resolve(Recipe().replace(dataset="stl10")).optimization.batch_size == 16
    assert resolve(Recipe().replace(dataset="stl10", batch_size=32)).optimization.batch_size == 32
    assert resolve(Recipe().replace(protocol="paper")).data.validation_split == 0
    assert resolve(Recipe()).execution.precision == "float32", "on a machine without a GPU"


def test_a_run_remembers_where_its_data_lay(monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", "prepared")
    assert resolve(Recipe().replace(dataset="cifar10")).data.data_dir == "prepared"
    assert resolve(Recipe().replace(dataset="cifar10", data_dir="mine")).data.data_dir == "mine"
    assert resolve(Recipe().replace(dataset="digits")).data.data_dir is None
    assert resolve(Recipe().replace(dataset="cifar10")) == resolve(
        Recipe().replace(dataset="cifar10", data_dir="x")
    )


def test_a_recipe_is_located_wherever_it_is_read(tmp_path, monkeypatch):
    (tmp_path / "pets").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for dataset, data_dir in (
        ("folder:pets", None),
        ("folder:~/pets/", None),
        ("folder:pets/../pets", None),
        ("folder:old", "pets"),
        (f"folder:{tmp_path}/pets", None),
    ):
        recipe = located(Recipe().replace(dataset=dataset, data_dir=data_dir))
        assert (recipe.data.dataset, recipe.data.data_dir) == (
            "folder:pets",
            str(tmp_path / "pets"),
        )
        assert located(recipe).to_dict() == recipe.to_dict()
    assert located(Recipe().replace(dataset="cifar10", data_dir="x")).data.data_dir == str(
        tmp_path / "x"
    )
    assert located(Recipe().replace(dataset="cifar10", data_dir="gs://x")).data.data_dir == "gs://x"
    assert located(Recipe()).data.data_dir is None


def test_recipes_of_folders_are_equal_wherever_these_lie():
    one, other = (
        Recipe().replace(dataset="folder:a"),
        Recipe().replace(dataset="folder:b", data_dir="c"),
    )
    assert one == other
    assert hash(one) == hash(other)
    assert one != Recipe().replace(dataset="cifar10")
    assert one != one.replace(image_size=8)
    changed = other.replace(image_size=8)
    assert difference(one, changed) == "image_size None there, 8 here"
    assert difference(Recipe(), one) == "dataset digits there, folder:a here"
