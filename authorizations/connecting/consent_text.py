"""What our page says before a customer agrees: the same words go into the record of the consent.

The page carries a signed note of what it said and when. Whoever presses the button agreed to that
text; if it has changed meanwhile, the page is shown again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.core import signing
from django.utils import timezone
from django.utils.translation import get_language, gettext

from authorizations.connecting import scope_words
from authorizations.models import digest
from greenbutton.espi.scope import Scope

# Raised whenever the words below change.
VERSION = "2026-11"
# A page that lies open for longer is shown again.
SHOWN_LASTS = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ConsentText:
    """The words about sharing on one page, in one language; `told` stands by itself at the end."""

    language: str
    asks: str
    data: tuple[str, ...]
    asked_there: str
    how_to_stop: str
    stop: str
    told: str = ""

    @property
    def sentences(self) -> list[str]:
        """All that is said, in the order of the page."""
        said = (self.asks, *self.data, self.asked_there, self.how_to_stop, self.stop, self.told)
        return [one for one in said if one]

    @property
    def signed(self) -> str:
        """A note that this was shown now."""
        return sign_shown(self)


class Shown(NamedTuple):
    """What a customer was shown before they agreed, and when the page was made."""

    text: ConsentText
    at: datetime

    def columns(self) -> dict[str, object]:
        """As an attempt keeps it."""
        return {
            "text_version": VERSION,
            "language": self.text.language,
            "sentences": self.text.sentences,
            "shown_at": self.at,
        }


def consent_text(company: str, utility: str, scope: Scope, *, told: str = "") -> ConsentText:
    """What this company asks for, in the active language; `told` says what the utility is told."""
    names = {"company": company, "utility": utility}
    return ConsentText(
        language=(get_language() or "en").partition("-")[0],
        asks=gettext("What %(company)s asks for") % names,
        data=tuple(scope_words.described(scope)),
        asked_there=gettext(
            "%(utility)s asks you before anything is shared, and you may choose less there."
        )
        % names,
        how_to_stop=gettext("How to stop"),
        stop=gettext(
            "Press “Stop sharing” here, or end it on the pages of %(utility)s, whenever you like. "
            "We then delete what we collected."
        )
        % names,
        told=told,
    )


def sign_shown(text: ConsentText) -> str:
    """A signed note of what a page says, and when it was made."""
    return signing.dumps([_digest(text), int(timezone.now().timestamp())], salt="consent.shown")


def unsign_shown(note: str, text: ConsentText) -> Shown | None:
    """That exactly this text was shown; None where it was not, or too long ago."""
    try:
        was, at = signing.loads(note, salt="consent.shown", max_age=SHOWN_LASTS)
    except signing.BadSignature:
        return None
    return Shown(text, datetime.fromtimestamp(at, UTC)) if was == _digest(text) else None


def _digest(text: ConsentText) -> str:
    return digest(json.dumps([VERSION, text.language, text.sentences]))
