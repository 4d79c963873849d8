"""The sandbox as a process of its own: another company, which is reached over HTTP only."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import psutil
from django.conf import settings
from django.db import connection

from greenbutton.bench.contenders.elements import serialise
from greenbutton.bench.job import Job, Stopwatch, agree, peak_mb
from greenbutton.espi import read_feed

# Beside the bench's tables, and gone with them.
SCHEMA = "sandbox"
PIECE = 2**16
READING = b"</espi:IntervalReading>"
# So many entries are enough to see how quick lxml is with them.
SAMPLE = 2000
PATIENCE_SECONDS = 60
SERVER = [
    *("--worker-class", "gthread", "--threads", "8", "--workers", "1"),
    *("--no-control-socket", "--log-level", "warning"),
]


def run(job: Job, timed: Stopwatch) -> dict[str, float]:
    """Download a customer's two years of quarters of an hour, and see how quick lxml would be."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        environment = site_environment(job.database, listener.getsockname()[1])
        fleet = prepared(environment, job.size.meters)
        with serving(environment, listener) as server:
            get(environment, "/health/", "").read()
            path, token = urlsplit(fleet["resource_uri"]).path, fleet["access_token"]
            with timed:
                readings = count(get(environment, path, token))
            agree("readings", readings, fleet["readings"])
            [worker] = psutil.Process(server).children()
            by_lxml = Stopwatch()
            sample = get(environment, f"{path}?max-results={SAMPLE}", token)
            sampled = serialise(read_feed(sample, max_bytes=2**30), by_lxml)
            return {
                "readings_a_second": readings / timed.seconds,
                "lxml_readings_a_second": sampled / by_lxml.seconds,
                "sandbox_peak_mb": peak_mb(worker.pid),
            }


def site_environment(database: str, port: int) -> dict[str, str]:
    """The variables that make a process the sandbox."""
    return {
        **os.environ,
        "SITE": "sandbox",
        "SANDBOX_URL": f"http://127.0.0.1:{port}",
        "SANDBOX_DATABASE_URL": f"{database}?options=-csearch_path%3D{SCHEMA}",
    }


def prepared(environment: dict[str, str], meters: int) -> dict[str, Any]:
    """A customer of the sandbox with so many meters: the address, a token, how many readings."""
    done = subprocess.run(  # noqa: S603 (our own command)
        [sys.executable, "manage.py", "sandbox_fleet", "--migrate", "--meters", str(meters)],
        cwd=settings.BASE_DIR,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    fleet: dict[str, Any] = json.loads(done.stdout)
    return fleet


@contextmanager
def serving(environment: dict[str, str], listener: socket.socket) -> Iterator[int]:
    """The number of the server's process, while it runs."""
    module, _, name = settings.WSGI_APPLICATION.rpartition(".")
    bind = ["--bind", f"fd://{listener.fileno()}"]
    with subprocess.Popen(  # noqa: S603 (our own command)
        [sys.executable, "-m", "greenbutton.bench.site", f"{module}:{name}", *SERVER, *bind],
        cwd=settings.BASE_DIR,
        env=environment,
        stdin=subprocess.PIPE,
        pass_fds=[listener.fileno()],
    ) as server:
        yield server.pid
        # Leaving closes its standard input, with which it ends.


def get(environment: dict[str, str], path: str, token: str) -> HTTPResponse:
    """The answer of the sandbox, its body still to come."""
    host = urlsplit(environment["SANDBOX_URL"]).netloc
    asking = HTTPConnection(host, timeout=PATIENCE_SECONDS)
    headers = {"Authorization": f"Bearer {token}", "Connection": "close"}
    asking.request("GET", path, headers=headers)
    response = asking.getresponse()
    agree("the status", response.status, 200)
    return response


def count(response: HTTPResponse) -> int:
    """How many readings come."""
    readings, tail = 0, b""
    with closing(response):
        while piece := response.read(PIECE):
            piece = tail + piece
            readings += piece.count(READING)
            # One may be cut by the end of a piece, and none is counted twice.
            tail = piece[-len(READING) + 1 :]
    return readings
