"""serve.py: the page in a real browser, its API, and what is wrong with either."""

import asyncio
import base64
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from PIL import Image

from ras_keras.backend import imports
from ras_keras.commands import run
from ras_keras.inference.predictor import open_predictor
from ras_keras.models import ResNet
from ras_keras.outputs.class_names import write_class_names
from ras_keras.serving.answer import MAXIMUM_PIXELS_OF_ANY_SIZE, Answerer
from ras_keras.serving.app import MAXIMUM_UPLOAD, make_app
from tests.conftest import ROOT
from tests.inference.test_images import png

NAMES = ("cat", "<i>größer</i>", "dog", "ox", "hen", "ant")


def call(*arguments):
    return run("serve", [*map(str, arguments)], "python scripts/serve.py")


def saved(folder, **options):
    keras.utils.set_random_seed(1)
    network = ResNet(11, classes=len(NAMES), **options)
    file = folder / "model.keras"
    network.save(file)
    write_class_names(file, NAMES)
    return SimpleNamespace(file=file, network=network)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("model"), input_shape=(32, 32, 3))


@pytest.fixture
def photo(tmp_path):
    """Its file, its pixels and those of the network's size."""
    pixels = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype="uint8")
    image = Image.fromarray(pixels)
    image.save(tmp_path / "photo.png")
    small = np.asarray(image.resize((32, 32), Image.Resampling.LANCZOS))
    return SimpleNamespace(file=tmp_path / "photo.png", pixels=pixels, small=small)


@pytest.fixture(scope="module")
def url(model):
    """Of a server, which Ctrl-C must end as it ends other commands."""
    # Tests in the background of a shell ignore Ctrl-C, and so would whatever they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(
        [sys.executable, "scripts/serve.py", model.file, "--port", "0", "--runtime", "keras"],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        lines = {}
        while "stop" not in lines:
            line = process.stdout.readline()
            if not line:
                pytest.fail(process.stderr.read())
            lines |= [line.split(maxsplit=1)]
        assert lines["model"].strip() == str(model.file)
        assert lines["stop"].strip() == "Ctrl-C"
        url = lines["page"].strip()
        yield url
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as upload:
            upload.sendall(
                b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n."
            )
            # It has been read when the next one has been answered.
            urllib.request.urlopen(f"{url}/health").close()
            process.send_signal(signal.SIGINT)
            assert b"the server is being stopped" in b"".join(iter(lambda: upload.recv(9999), b""))
        assert process.wait(timeout=30) == 130
        assert process.stderr.read() == "\nstopped by SIGINT\n"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    program = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not program or not driver:
        pytest.skip("no chromium or no chromedriver; apt-get install chromium chromium-driver")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for flag in (
        "--headless=new",
        # Root has no sandbox, a container little shared memory.
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--window-size=1100,1000",
        f"--user-data-dir={tmp_path_factory.mktemp('chromium')}",
    ):
        options.add_argument(flag)
    chrome = webdriver.Chrome(options, webdriver.ChromeService(driver))
    yield chrome
    chrome.quit()


def wait(browser, condition):
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(browser, 30).until(condition)


def upload(browser, file):
    browser.find_element("id", "file").send_keys(str(file))


def shown_error(browser):
    box = wait(browser, lambda page: page.find_element("css selector", "#error:not([hidden])"))
    assert not browser.find_elements("css selector", "#labels li")
    return box.text


def shown_classes(browser):
    wait(browser, lambda page: page.find_elements("css selector", "#labels li"))
    names = browser.find_elements("css selector", "#labels .name")
    numbers = browser.find_elements("css selector", "#labels .number")
    return [name.text for name in names], [number.text for number in numbers]


@pytest.mark.slow
def test_the_page(url, browser, model, photo):
    browser.get(url)
    assert str(Path(*model.file.parts[-2:])) in browser.find_element("tag name", "body").text
    expected = model.network.predict(photo.small[None], verbose=0)[0]
    order = np.argsort(-expected)[:5]

    upload(browser, photo.file)
    names, numbers = shown_classes(browser)
    assert names == [NAMES[i] for i in order]
    percents = [float(number.removesuffix(" %")) for number in numbers]
    np.testing.assert_allclose(percents, 100 * expected[order], atol=0.02)
    for name in ("preview", "grad_cam", "gates"):
        picture = browser.find_element("id", name)
        wait(browser, lambda _, picture=picture: picture.get_property("naturalWidth") > 0)
        assert picture.is_displayed()
    assert browser.find_element("id", "best").text == NAMES[order[0]]
    assert not browser.find_element("id", "error").is_displayed()


def test_broken_and_gigantic_files_on_the_page(url, browser, photo, tmp_path):
    browser.get(url)
    broken = tmp_path / "broken.png"
    broken.write_bytes(photo.file.read_bytes()[:500])
    upload(browser, broken)
    assert "broken.png: this file is no readable image" in shown_error(browser)

    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(png(60000, 60000))
    upload(browser, bomb)
    wait(browser, lambda page: "bomb.png" in page.find_element("id", "error").text)
    assert "more than the 64,000,000 pixels" in shown_error(browser)

    large = tmp_path / "large.png"
    with large.open("wb") as stream:
        stream.truncate(MAXIMUM_UPLOAD + 1)
    upload(browser, large)
    wait(browser, lambda page: "large.png" in page.find_element("id", "error").text)
    assert "larger than the 20 MB that are read" in shown_error(browser)
    assert not browser.find_element("id", "gates").is_displayed()

    upload(browser, photo.file)
    assert len(shown_classes(browser)[0]) == 5


def test_the_api(url, model, photo):
    """The request that `curl --data-binary @photo.png URL/predict` makes."""
    expected = model.network.predict(photo.small[None], verbose=0)[0]
    with urllib.request.urlopen(f"{url}/predict", photo.file.read_bytes()) as reply:
        answer = json.load(reply)
    # As curl -F image=@photo.png URL/predict.
    head = b'--b\r\nContent-Disposition: form-data; name="image"; filename="photo.png"\r\n\r\n'
    form = head + photo.file.read_bytes() + b"\r\n--b--\r\n"
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    with urllib.request.urlopen(urllib.request.Request(f"{url}/predict", form, kind)) as reply:
        assert json.load(reply) == answer
    assert list(answer) == ["classes"]
    order = np.argsort(-expected)[:5]
    assert [each["class"] for each in answer["classes"]] == [NAMES[i] for i in order]
    probabilities = [each["probability"] for each in answer["classes"]]
    np.testing.assert_allclose(probabilities, expected[order], atol=1e-5)
    for data, status, says in (
        (b"no image", 400, "this file is no readable image (it is not of PNG"),
        (bytes(MAXIMUM_UPLOAD + 1), 413, "larger than the 20 MB"),
    ):
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(f"{url}/predict", data)
        with error.value as reply:
            assert reply.code == status
            assert says in json.load(reply)["error"]


def ask(app, path, body=b"", method="POST", sent=None):
    """Status, headers and body of the answer of an application that no server runs."""
    path, _, query = path.partition("?")
    scope = {"type": "http", "method": method, "path": path, "headers": []}
    scope["query_string"] = query.encode()
    sent = [] if sent is None else sent

    async def receive():
        return {"type": "http.request", "body": body}

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    text = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], headers, text


def decoded(data_url):
    assert data_url.startswith("data:image/png;base64,")
    with Image.open(io.BytesIO(base64.b64decode(data_url.partition(",")[2]))) as image:
        return np.asarray(image.convert("RGB"))


def test_pictures(model, photo):
    answer = Answerer(open_predictor(model.file))(photo.file.read_bytes(), top=2, pictures=True)
    assert len(answer["classes"]) == 2
    assert answer["notes"] == []
    cam = decoded(answer["grad_cam"])
    assert cam.shape == (320, 480, 3), "the photo's sides, 2 to 3"
    assert decoded(answer["gates"]).std() > 10


@pytest.mark.slow
def test_what_cannot_be_shown_is_left_out_with_a_sentence(model, photo, tmp_path):
    exported = Answerer(replace(open_predictor(model.file), model=None))
    answer = exported(photo.file.read_bytes(), top=5, pictures=True)
    assert (answer["grad_cam"], answer["gates"]) == (None, None)
    assert "exported model" in " ".join(answer["notes"])
    gray = {"input_shape": (16, 16, 1), "mean": (128,), "variance": (4000,)}
    plain = Answerer(open_predictor(saved(tmp_path, attention=None, **gray).file))
    answer = plain(photo.file.read_bytes(), top=5, pictures=True)
    assert answer["gates"] is None
    assert decoded(answer["grad_cam"]).any()
    assert answer["notes"] == ["This network has no gates, so that there is no picture of them."]


@pytest.mark.slow
def test_a_network_for_any_size_is_not_given_any_size(tmp_path):
    app = make_app(Answerer(open_predictor(saved(tmp_path, input_shape=(None, None, 3)).file)))
    side = int(MAXIMUM_PIXELS_OF_ANY_SIZE**0.5) + 1
    for size, expected in (((side, side), 400), ((40, 50), 200)):
        stream = io.BytesIO()
        Image.new("RGB", size).save(stream, "PNG")
        status, _, body = ask(app, "/predict?pictures=yes", stream.getvalue())
        assert status == expected
        if status == 400:
            assert "1001x1001 pixels is too large" in json.loads(body)["error"]


def test_the_page_asks_nobody_else_and_escapes_names(model):
    predictor = replace(open_predictor(model.file), path=ROOT / "<b>$model")
    status, headers, body = ask(make_app(Answerer(predictor)), "/", method="GET")
    assert status == 200
    assert "default-src 'none'" in headers["content-security-policy"]
    assert b"://" not in body
    assert f"{ROOT.name}/&lt;b&gt;$model".encode() in body
    assert str(ROOT.parent).encode() not in body
    assert b"<b>" not in body


@pytest.mark.parametrize(
    ("path", "method", "status", "says"),
    [
        ("/predict?top=0", "POST", 400, "top must be an integer >= 1. Received: '0'"),
        ("/predict?top=" + "9" * 5000, "POST", 400, "top must be an integer"),
        ("/predict?top=x", "POST", 400, "Received: 'x'"),
        ("/predict?pictures=1", "POST", 400, "pictures must be yes or no. Received: '1'"),
        ("/predict", "POST", 400, "it is empty"),
        ("/predict", "GET", 405, "Method Not Allowed"),
        ("/other", "GET", 404, "Not Found"),
    ],
)
def test_bad_requests(model, path, method, status, says):
    app = make_app(Answerer(open_predictor(model.file)))
    found, _, body = ask(app, path, method=method)
    assert (found, says in json.loads(body)["error"]) == (status, True)


def test_a_failure_is_told_and_raised_for_the_server_to_print(model, photo):
    def fail(images):
        raise RuntimeError("out of something")

    app = make_app(Answerer(replace(open_predictor(model.file), predict=fail)))
    sent = []
    with pytest.raises(RuntimeError, match="out of something"):
        ask(app, "/predict", photo.file.read_bytes(), sent=sent)
    assert sent[0]["status"] == 500
    assert "its terminal says why" in json.loads(sent[1]["body"])["error"]


def test_bad_input(model, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for arguments, says in (
            ([model.file, "--port", port], f"--port {port}: Address already in use; choose"),
            ([model.file, "--port", "70000"], "--port must be in 0..65535"),
            ([model.file, "--port", "x"], "--port must be an integer. Received: 'x'"),
            ([model.file, "--host", "no such host", "--port", "0"], "--host no such host"),
            ([model.file, "--allow-host", "http://a.b"], "--allow-host 'http://a.b' is no name"),
            ([model.file, "--port", "0", "--classes", "none"], "--classes none: No such file"),
            (["missing.keras", "--port", "0"], "missing.keras: no such file"),
        ):
            assert call(*arguments) == 2
            errors = capsys.readouterr().err
            assert says in errors
            assert errors.count("\n") == 1
    monkeypatch.setattr(imports, "find_spec", lambda name: None)
    assert call(model.file) == 2
    assert "serving needs the package starlette, which is not installed" in capsys.readouterr().err
