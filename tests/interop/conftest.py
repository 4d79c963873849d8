"""Software that no one here wrote, at pinned versions, unmodified."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.at_the_sandbox import at_utility, registered, svce  # noqa: F401 (fixtures)

FOLDER = Path(__file__).resolve().parent
PACKAGES = ["@cityssm/green-button-parser@1.0.1", "oauth4webapi@3.8.8"]


@dataclass(frozen=True)
class Node:
    """Our small scripts around those packages, in a folder where they are installed."""

    folder: Path

    def run(self, script: str, *arguments: str, stdin: Any = None) -> Any:
        """The JSON that a script prints; fails with what it complained of."""
        done = subprocess.run(
            ["node", script, *arguments],
            cwd=self.folder,
            input=None if stdin is None else json.dumps(stdin),
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Node:
    """Installs the packages into a folder that is thrown away."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("Node.js and npm are not installed: nothing can be said of their packages.")
    folder = tmp_path_factory.mktemp("node")
    for script in FOLDER.glob("*.mjs"):
        shutil.copy(script, folder)
    install = ["npm", "install", "--no-save", "--no-audit", "--no-fund", *PACKAGES]
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return Node(folder)
