"""Show a model in a browser."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from ras_keras.commands.line.execution_flags import ExecutionFlags
from ras_keras.commands.line.fields import File, Model, Name, Shown
from ras_keras.commands.line.flags import parse
from ras_keras.outputs.class_names import read_names_file
from ras_keras.serving.server import address, check_installed, listen, make_server

Address = Annotated[str, Shown("ADDRESS")]


@dataclass(frozen=True)
class Serve:
    """Show a model in a browser: drop an image, see its classes, the gates and Grad-CAM.

    The same as JSON: curl --data-binary @IMAGE http://127.0.0.1:8000/predict
    """

    model: Model
    """A .keras file, a run folder, whose best.keras is taken, an exported model, or a model of the
    package by its name."""
    host: Address = "127.0.0.1"
    """Address to listen on; 0.0.0.0 lets other machines in, whoever they are."""
    port: int = 8000
    """Port to listen on; 0 takes a free one."""
    classes: File | None = None
    """File of the classes' names, one per line or a JSON list; None is those in the model."""
    allow_host: tuple[Name, ...] = ()
    """Names that the server answers to, such as a proxy's, beside localhost, IP addresses, this
    machine's name and that of --host."""
    execution: ExecutionFlags = field(default_factory=ExecutionFlags)
    imports: tuple[str, ...] = ()
    """Python modules to import before the model is loaded, beside the run's."""


def main(arguments: Sequence[str], program: str) -> None:
    options = parse(Serve, arguments, program)
    check_installed()
    from ras_keras.serving.hosts import allowed_names

    hosts = allowed_names(options.host, options.allow_host)
    names = read_names_file(Path(options.classes)) if options.classes else None
    with listen(options.host, options.port) as listener:
        predictor = options.execution.open(options.model, options.imports)
        predictor = options.execution.with_runtime(predictor, None)
        if names is not None:
            predictor = predictor.with_class_names(names)

        from ras_keras.serving.answer import Answerer
        from ras_keras.serving.app import make_app
        from ras_keras.serving.batches import Batches
        from ras_keras.serving.turns import Turns
        from ras_keras.serving.uploads import Uploads

        answerer = Answerer(predictor)
        answerer.warm_up()
        uploads, turns = Uploads(), Turns()
        batches = Batches(answerer.predict, answerer.batch)
        url = address(listener)
        print(f"model    {predictor.path}")
        for notice in predictor.notices:
            print(f"notice   {notice}")
        print(f"page     {url}")
        print(f"JSON     curl --data-binary @IMAGE {url}/predict")
        print("stop     Ctrl-C", flush=True)
        app = make_app(answerer, hosts, uploads, turns, batches)
        make_server(app, uploads, turns, batches).run(sockets=[listener])
