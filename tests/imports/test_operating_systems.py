"""Linux, macOS and Windows run the same code: no module or name of one of them stands alone."""

import ast

import pytest

from tests.conftest import ROOT

# Modules of Python's library that are missing on one of the three.
MODULES = {
    *("fcntl", "resource", "pwd", "grp", "spwd", "termios", "tty", "pty", "curses", "readline"),
    *("posix", "syslog", "crypt", "nis", "ossaudiodev", "_posixsubprocess"),
    *("msvcrt", "winreg", "winsound", "nt", "_winapi", "_winreg"),
}
# Likewise, names in modules that all three have.
NAMES = {
    *(f"os.{name}" for name in ("fork", "forkpty", "getuid", "geteuid", "getgid", "getegid")),
    *(f"os.{name}" for name in ("killpg", "getpgid", "getpgrp", "setsid", "setuid", "setgid")),
    *(f"os.{name}" for name in ("getloadavg", "uname", "sysconf", "statvfs", "nice", "mkfifo")),
    *(f"os.{name}" for name in ("sched_getaffinity", "sched_setaffinity", "posix_fadvise")),
    *(f"os.{name}" for name in ("chown", "lchown", "chroot", "wait3", "wait4", "WNOHANG")),
    *(f"os.{name}" for name in ("O_DIRECTORY", "O_CLOEXEC", "O_NONBLOCK", "O_NOFOLLOW")),
    *(f"os.{name}" for name in ("startfile", "O_BINARY", "add_dll_directory", "register_at_fork")),
    *(f"signal.{name}" for name in ("SIGPIPE", "SIGHUP", "SIGKILL", "SIGQUIT", "SIGUSR1")),
    *(f"signal.{name}" for name in ("SIGUSR2", "SIGALRM", "SIGCHLD", "alarm", "setitimer")),
    *(f"signal.{name}" for name in ("pause", "pthread_kill", "pthread_sigmask", "sigwait")),
    *(f"signal.{name}" for name in ("CTRL_C_EVENT", "CTRL_BREAK_EVENT", "SIGBREAK")),
    *("time.tzset", "socket.AF_UNIX", "select.poll", "select.epoll", "select.kqueue"),
    *("asyncio.get_child_watcher", "subprocess.STARTUPINFO", "subprocess.CREATE_NO_WINDOW"),
}
# The one place, where it stands in a `try` with an `except ImportError`.
GUARDED = "ras_keras/training/memory.py"


def of_one_system(text, guarded=False):
    """What a program names that one operating system alone has."""
    tree = ast.parse(text)
    tried = {
        id(each)
        for node in ast.walk(tree)
        if isinstance(node, ast.Try)
        and any("ImportError" in ast.unparse(one.type or node) for one in node.handlers)
        for statement in node.body
        for each in ast.walk(statement)
    }
    found = []
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            names = [getattr(each, "value", None) for each in node.args[:1]]
        elif isinstance(node, ast.Attribute):
            names = [ast.unparse(node)]
        for name in names:
            # A variable may be called as a module is: of attributes the whole name counts.
            of_module = str(name).partition(".")[0] in MODULES
            named = name in NAMES or (of_module and not isinstance(node, ast.Attribute))
            if named and not (guarded and id(node) in tried):
                found.append(name)
    return found


def test_every_module_of_the_package_runs_on_each_system():
    files = [*(ROOT / "ras_keras").rglob("*.py"), *(ROOT / "scripts").glob("*.py")]
    assert len(files) > 150
    found = {}
    for file in files:
        name = file.relative_to(ROOT).as_posix()
        if names := of_one_system(file.read_text(encoding="utf-8"), guarded=name == GUARDED):
            found[name] = names
    assert found == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import fcntl", ["fcntl"]),
        ("def f():\n    from resource import getrusage", ["resource.getrusage"]),
        ("import os, msvcrt as m", ["msvcrt"]),
        ("import importlib\nimportlib.import_module('winreg')", ["winreg"]),
        ("import os\nos.fork()", ["os.fork"]),
        ("from signal import SIGPIPE, SIGINT", ["signal.SIGPIPE"]),
        ("import signal\nx = 128 + signal.SIGPIPE", ["signal.SIGPIPE"]),
        ("try:\n    import pwd\nexcept OSError:\n    pass", ["pwd"]),
        ("import os, signal\nos.getpid(), signal.SIGINT, self.resource.x", []),
        ("from .resource import x", []),
    ],
)
def test_what_is_seen(text, found):
    assert of_one_system(text, guarded=True) == found


def test_a_guard_counts_in_one_place():
    text = "try:\n    import resource\nexcept ImportError:\n    resource = None"
    assert of_one_system(text, guarded=True) == []
    assert of_one_system(text) == ["resource"]
    assert of_one_system((ROOT / GUARDED).read_text(encoding="utf-8")) == ["resource"]


def test_text_files_are_opened_by_their_encoding():
    """Windows has another one than UTF-8 by itself."""
    exempt = {
        # ASCII: a process number, names of processors.
        *("ras_keras/locks.py", "ras_keras/benchmark/machine.py"),
        # Read as Keras reads it.
        "scripts/ras_keras_console.py",
    }
    found = set()
    for file in (*(ROOT / "ras_keras").rglob("*.py"), *ROOT.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                encoded = any(each.arg == "encoding" for each in node.keywords)
                plain = node.func.attr == "read_text" and not node.args and not encoded
                written = node.func.attr == "write_text" and len(node.args) < 2 and not encoded
                if plain or written:
                    found.add(file.relative_to(ROOT).as_posix())
    assert found <= exempt


def test_memory_is_given_back_on_each_system(monkeypatch):
    """Where the C library is another one, nothing is called."""
    from ras_keras.training import memory

    for linux in (True, False):
        monkeypatch.setattr(memory.psutil, "LINUX", linux)
        loaded = []
        monkeypatch.setattr(memory.ctypes, "CDLL", lambda name, loaded=loaded: loaded.append(name))
        memory._give_back()
        assert loaded == ([None] if linux else [])
