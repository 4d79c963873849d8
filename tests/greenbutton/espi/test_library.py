import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
SCRIPT = """
import sys
from greenbutton.espi import read_feed
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_the_library_is_imported_without_django_a_database_or_a_network() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert "lxml" in loaded
    assert not {
        name for name in loaded if name.startswith(("django", "psycopg", "httpx", "celery"))
    }
