"""The manage.py commands of a site, without the two seconds that each takes to load Django.

One process loads Django and every command, and forks for each call: so a command still has a
process of its own, with its own connections, standard streams and end.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import IO, Any

from portal.processes import ProcessError


class ReadyCommands:
    """Called with a command's arguments, it runs it and returns what it printed.

    Raises ProcessError with what a failed command said. Its process ends with `close`, and with
    the end of this one, which is the end of what it reads.
    """

    def __init__(self, environment: Mapping[str, str], folder: os.PathLike[str] | str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(arguments), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise ProcessError(f"What runs commands ended itself ({self._process.wait()}).")
        told: dict[str, Any] = json.loads(answer)
        if told["code"]:
            words = (told["complained"] or told["printed"]).strip()
            raise ProcessError(f"`manage.py {arguments[0]}` failed ({told['code']}):\n{words}")
        printed: str = told["printed"]
        return printed

    def close(self) -> None:
        """End its process."""
        with self._process as process:
            assert process.stdin is not None
            process.stdin.close()


def main() -> None:
    """Run the commands that come in, a list of arguments a line, and answer each in a line."""
    # Only here: the test run, which imports this file, has its own.
    import django
    from django.core.management import get_commands, load_command_class

    django.setup()
    for name, app in get_commands().items():
        if app != "django.core":
            load_command_class(app, name)
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_run(json.loads(line))) + "\n")
        sys.stdout.flush()


def _run(arguments: list[str]) -> dict[str, Any]:
    with tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as complained:
        child = os.fork()
        if child == 0:
            _become(arguments, printed, complained)
        _, status = os.waitpid(child, 0)
        return {
            "code": os.waitstatus_to_exitcode(status),
            "printed": _text(printed),
            "complained": _text(complained),
        }


def _become(arguments: list[str], printed: IO[bytes], complained: IO[bytes]) -> None:
    """In the forked process: be the command, and end."""
    from django.core.management import execute_from_command_line

    code = 1
    try:
        nothing = os.open(os.devnull, os.O_RDONLY)
        for ours, standard in ((nothing, 0), (printed.fileno(), 1), (complained.fileno(), 2)):
            os.dup2(ours, standard)
        execute_from_command_line(["manage.py", *arguments])
        code = 0
    except SystemExit as e:
        code = e.code if isinstance(e.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # Not exit(): what the parent would do at its end is not for its children.
        os._exit(code)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


if __name__ == "__main__":
    main()
