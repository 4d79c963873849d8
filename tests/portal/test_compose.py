"""docker-compose.yml and .env.example against the settings, without a Docker engine."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.fernet import Fernet

from portal.stack import CHECKOUT, THREADS

COMPOSE: dict[str, Any] = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = sorted(name for name, service in SERVICES.items() if "build" in service)
LONG_LIVED = sorted(name for name in SERVICES if not name.endswith("migrate"))
SETTINGS = (CHECKOUT / "portal" / "settings.py").read_text()
SUBSTITUTION = re.compile(r"\$\{(\w+)(:[-?])([^}]*)\}")

# What the image sets, what containers have no use for, and what is for demos and tests only.
NOT_OF_CONTAINERS = {
    *("COLLECTED_STATIC", "ENV_FILE", "STATIC_ROOT", "VAR_DIR"),
    *("SECRET_KEY_FILE", "FIELD_KEYS_FILE", "EMAIL_HOST_PASSWORD_FILE", "REDIS_PREFIX"),
    *("DEBUG", "DEMO", "OUTBOX_DIR", "TEST_DATABASE_NAME"),
}

# What somebody who follows the required variables' sentences would put into .env.
GIVEN = {
    "SECRET_KEY": "a-long-word-that-nobody-guesses-0123456789",
    "FIELD_KEYS": Fernet.generate_key().decode(),
    "PORTAL_URL": "https://portal.example.org",
    "POSTGRES_PASSWORD": "another-long-word",
    "COMPANY_NAME": "Example Solar",
    "SUPPORT_EMAIL": "help@example.org",
    "EMAIL_HOST": "mail.example.org",
    "SANDBOX_SECRET_KEY": "a-longer-word-that-nobody-guesses-9876543210",
    "SANDBOX_URL": "https://sandbox.example.org",
    "SANDBOX_POSTGRES_PASSWORD": "one-more-long-word",
}


def environment_of(service: str, given: dict[str, str] = GIVEN) -> dict[str, str]:
    """The service's variables as Compose would fill them in."""

    def fill(match: re.Match[str]) -> str:
        name, kind, rest = match.groups()
        return given.get(name) or (rest if kind == ":-" else f"<{name} is required>")

    written = SERVICES[service]["environment"]
    return {name: SUBSTITUTION.sub(fill, str(value)) for name, value in written.items()}


def variables_of_settings() -> set[str]:
    """Every variable that the settings read."""
    read = set(re.findall(r'\b(?:text|flag|numbers?|site_url|page_url)\(\s*"([A-Z_]+)"', SETTINGS))
    for name in re.findall(r'\bsecret\(\s*"([A-Z_]+)"', SETTINGS):
        read |= {name, f"{name}_FILE"}
    return read | set(re.findall(r'environ(?:\.get\(|\[)\s*"([A-Z_]+)"', SETTINGS))


def load(program: str, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run a program with this environment and nothing else."""
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], "ENV_FILE": "", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_services_are_those_that_the_portal_needs() -> None:
    assert set(SERVICES) >= {"postgres", "redis", "web", "worker", "beat", "sandbox"}
    alone = {name for name, service in SERVICES.items() if service.get("profiles") == ["sandbox"]}
    assert alone == {name for name in SERVICES if name.startswith("sandbox")}


@pytest.mark.parametrize("service", ["web", "sandbox"])
def test_the_settings_take_each_sites_environment(service: str) -> None:
    done = load(
        "from portal import settings; print(settings.SITE, settings.DEBUG, settings.DEMO)",
        environment_of(service),
    )
    site = "sandbox" if service == "sandbox" else "portal"
    assert done.stdout.strip() == f"{site} False False", done.stderr


def test_all_services_of_a_site_have_the_same_environment() -> None:
    for service in OURS:
        site = "sandbox" if service.startswith("sandbox") else "web"
        assert SERVICES[service]["environment"] == SERVICES[site]["environment"]


@pytest.mark.parametrize("service", ["web", "sandbox"])
def test_no_site_starts_without_the_secrets(service: str) -> None:
    done = load("import portal.settings", environment_of(service, given={}))
    assert done.returncode != 0
    assert "ImproperlyConfigured" in done.stderr


@pytest.mark.parametrize("service", OURS)
def test_each_variable_of_a_service_is_one_that_the_settings_read(service: str) -> None:
    assert set(SERVICES[service]["environment"]) <= variables_of_settings()


def test_each_variable_of_the_settings_can_be_given_to_the_site_that_has_use_for_it() -> None:
    passed = {name for service in OURS for name in SERVICES[service]["environment"]}
    assert passed == variables_of_settings() - NOT_OF_CONTAINERS


def test_each_site_has_as_many_threads_as_in_the_demo() -> None:
    for service, site in {"web": "portal", "sandbox": "sandbox"}.items():
        assert f"--threads={THREADS[site]}" in SERVICES[service]["command"]


@pytest.mark.parametrize("service", OURS)
def test_each_command_exists_and_takes_its_options(service: str) -> None:
    """Each is asked to load what it names (an application or a command), and to stop then."""
    program, *arguments = SERVICES[service]["command"]
    asked = {
        "gunicorn": ["-m", "gunicorn", *arguments, "--check-config"],
        "celery": ["-m", "celery", *arguments, "--help"],
        "python": [*arguments, "--help"],
    }
    done = subprocess.run(
        [sys.executable, *asked[program]],
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], "ENV_FILE": "", **environment_of(service)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("service", LONG_LIVED)
def test_each_long_lived_service_has_a_health_check(service: str) -> None:
    check = SERVICES[service]["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert check["retries"] > 0


def test_health_is_asked_where_the_sites_answer_it() -> None:
    for service in ("web", "sandbox"):
        assert "http://127.0.0.1:8000/health/" in SERVICES[service]["healthcheck"]["test"][-1]
        assert "--bind=0.0.0.0:8000" in SERVICES[service]["command"]
        assert SERVICES[service]["ports"][0].endswith(":8000")


def test_every_dependency_is_waited_for_until_it_can_be_used() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            ends = other.endswith("migrate")
            wanted = "service_completed_successfully" if ends else "service_healthy"
            assert how == {"condition": wanted}, (name, other)


def test_every_volume_that_is_used_is_declared_and_every_database_has_one() -> None:
    used = {
        volume.split(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", [])
    }
    assert used == set(COMPOSE["volumes"])
    for name in ("postgres", "sandbox-postgres"):
        assert SERVICES[name]["volumes"] == [f"{name}:/var/lib/postgresql/data"]


def test_nothing_is_published_beyond_this_machine() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_no_secret_has_a_value_that_works() -> None:
    text = (CHECKOUT / "docker-compose.yml").read_text()
    for name, kind, rest in SUBSTITUTION.findall(text):
        if re.search("SECRET|KEY|PASSWORD", name):
            assert kind == ":?" or rest == "", name
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("SECRET|KEY|PASSWORD", name):
                assert SUBSTITUTION.fullmatch(str(value)), name


def test_every_variable_is_explained_in_the_example_and_no_other() -> None:
    example = (CHECKOUT / ".env.example").read_text()
    explained = set(re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE))
    assert explained == variables_of_settings()


def test_the_example_holds_no_key_that_would_work() -> None:
    example = (CHECKOUT / ".env.example").read_text()
    assert "\nSECRET_KEY=\n" in example
    assert "\nFIELD_KEYS=\n" in example


@pytest.mark.parametrize("site", ["portal", "sandbox"])
def test_the_images_static_files_can_be_collected_and_hold_what_pages_name(
    site: str, tmp_path: Path
) -> None:
    """As the Dockerfile does it: under names that change with the content."""
    done = subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"],
        cwd=CHECKOUT,
        env={
            "PATH": os.environ["PATH"],
            "ENV_FILE": "",
            "SITE": site,
            "SECRET_KEY": GIVEN["SECRET_KEY"],
            "FIELD_KEYS": GIVEN["FIELD_KEYS"],
            "COLLECTED_STATIC": "true",
            "STATIC_ROOT": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    manifest = json.loads((tmp_path / "staticfiles.json").read_text())["paths"]
    folder = CHECKOUT / ("templates" if site == "portal" else "utilities/sandbox/templates")
    pages = "".join(page.read_text() for page in folder.rglob("*.html"))
    named = set(re.findall(r"{% static '([^']+)' %}", pages.replace('"', "'")))
    assert named
    assert named <= set(manifest)


def test_the_image_copies_everything_that_the_settings_name() -> None:
    ignored = (CHECKOUT / ".dockerignore").read_text().splitlines()
    assert ignored[0] == "*"
    for name in ("portal", "utilities", "authorizations", "greenbutton", "templates", "static"):
        assert f"!{name}" in ignored
        assert (CHECKOUT / name).is_dir()
    assert "!.env" not in ignored
    assert not any("tests" in line for line in ignored)
    assert (CHECKOUT / "constraints.txt").exists()
