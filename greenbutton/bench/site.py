"""A web server that ends with whoever started it: `python -m greenbutton.bench.site ARGUMENTS`.

The arguments are gunicorn's. It ends when its standard input does, so that it outlives no bench,
not even one that is killed.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading


def end_with_stdin() -> None:
    """Wait for the end of what nobody writes."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=end_with_stdin, daemon=True).start()
    runpy.run_module("gunicorn", run_name="__main__")
