from pathlib import Path

from tests.fixtures.espi import FOLDER

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
# Larger ones are rarely more odd, and always slower.
LARGEST = 350_000


def originals() -> list[bytes]:
    """The documents to spoil: our golden files, and the real feeds where they are at hand."""
    paths = [*FOLDER.glob("*.xml"), *CORPUS.glob("*.xml")]
    return [path.read_bytes() for path in sorted(paths) if path.stat().st_size <= LARGEST]
