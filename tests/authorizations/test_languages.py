"""A link speaks its customer's language: on its pages, in its e-mail, and in the record.

The pages that lead to a consent without a link speak the browser's.
"""

from __future__ import annotations

import ast
import html
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils import translation
from django.utils.translation.template import templatize

from authorizations.connecting.scope_words import described
from authorizations.links.sending import send_link
from authorizations.models import ConsentRecord, OutgoingEmail, ShareLink
from greenbutton.espi import scope as espi_scope
from tests import cast
from tests.cast import Person
from tests.lying_utility import LyingUtility
from utilities.models import Utility

LANGUAGES = ["fr", "es"]
ROOT = Path(settings.BASE_DIR)
PLACEHOLDER = re.compile(r"%\(\w+\)s")


@pytest.fixture(params=LANGUAGES)
def link(request: pytest.FixtureRequest, utility: Utility) -> ShareLink:
    return ShareLink.objects.create(
        utility=utility,
        language=request.param,
        scope="FB=4_16_39_51;HistoryLength=5184000;PreferredAuthEndDate=2000000000",
        authentication_type="phone",
        authentication_value="416-555-0101",
    )


def words(answer: Any) -> str:
    return html.unescape(answer.content.decode())


ASKS = {"fr": "Ce que Test Company demande", "es": "Lo que pide Test Company"}
UNTIL = {"fr": "Jusqu’au 18 mai 2033", "es": "Hasta el 18 de mayo de 2033"}
FILLED = {"fr": "déjà rempli avec •••0101", "es": "ya rellenado con •••0101"}


def test_the_page_speaks_it_and_so_does_the_record(
    link: ShareLink, utility: Utility, ada: Person, lying: LyingUtility, granted: dict[str, Any]
) -> None:
    page = words(ada.browser.get(f"/share/{link.code}/"))
    assert f'<html lang="{link.language}">' in page
    for sentence in (ASKS[link.language], UNTIL[link.language], FILLED[link.language]):
        assert sentence in page
    lying.answer("/token", json=granted)
    location: str = ada.sets_out(f"/share/{link.code}/").headers["Location"]
    ada.comes_back(utility, state=parse_qs(urlsplit(location).query)["state"][0], code="a-code")
    record = ConsentRecord.objects.get()
    assert record.language == link.language
    assert ASKS[link.language] in record.sentences


def test_a_no_is_answered_in_it(link: ShareLink, utility: Utility, ada: Person) -> None:
    location: str = ada.sets_out(f"/share/{link.code}/").headers["Location"]
    state = parse_qs(urlsplit(location).query)["state"][0]
    answer = ada.comes_back(utility, state=state, error="access_denied")
    page = words(ada.browser.get(answer.url))
    assert {"fr": "Rien n’a été partagé.", "es": "No se ha compartido nada."}[link.language] in page


def test_the_email_speaks_it(link: ShareLink) -> None:
    send_link(link, cast.make_staff("clerk"), "joe@example.com")
    email = OutgoingEmail.objects.get()
    subject = {"fr": "Test Company demande vos données", "es": "Test Company pide sus datos"}
    assert email.subject.startswith(subject[link.language])
    for body in (email.text, html.unescape(email.html)):
        assert UNTIL[link.language] in body
        assert "asks" not in body


def test_a_closed_link_says_so_in_it(link: ShareLink, ada: Person) -> None:
    link.disable()
    answer = ada.browser.get(f"/share/{link.code}/")
    assert answer.status_code == 410
    assert "no longer works" not in words(answer)


def test_the_next_page_speaks_english_again(link: ShareLink, utility: Utility, ada: Person) -> None:
    ada.browser.get(f"/share/{link.code}/")
    assert "What Test Company asks for" in words(ada.browser.get(f"/connect/{utility.slug}/"))


# -- without a link --------------------------------------------------------------------------------

CHOOSE = {"fr": "Choisissez votre fournisseur", "es": "Elija su compañía"}
CONNECT = {"fr": "Connecter Lying Power", "es": "Conectar Lying Power"}
LATE = {"fr": "Veuillez rouvrir votre lien", "es": "Abra de nuevo su enlace"}


@pytest.fixture(params=LANGUAGES)
def spoken(request: pytest.FixtureRequest, ada: Person) -> str:
    """What Ada's browser asks for first."""
    language: str = request.param
    ada.browser.defaults["HTTP_ACCEPT_LANGUAGE"] = f"de, {language}-CA;q=0.9, en;q=0.5"
    return language


def test_the_pages_that_lead_to_a_consent_speak_the_browsers(
    spoken: str, utility: Utility, ada: Person
) -> None:
    utility.name = "Lying Power"
    utility.save()
    for address, sentence in {
        "/connect/": CHOOSE,
        f"/connect/{utility.slug}/": CONNECT,
        f"/connect/{utility.slug}/scope/": ASKS,
    }.items():
        answer = ada.browser.get(address)
        assert f'<html lang="{spoken}">' in words(answer)
        assert sentence[spoken] in words(answer)
        assert "Accept-Language" in answer["Vary"]


def test_the_record_says_what_was_shown_in_it(
    spoken: str, utility: Utility, ada: Person, lying: LyingUtility, granted: dict[str, Any]
) -> None:
    lying.answer("/token", json=granted)
    location: str = ada.sets_out(f"/connect/{utility.slug}/").headers["Location"]
    ada.comes_back(utility, state=parse_qs(urlsplit(location).query)["state"][0], code="a-code")
    record = ConsentRecord.objects.get()
    assert record.language == spoken
    assert ASKS[spoken] in record.sentences


def test_a_callback_of_nobodys_is_answered_in_it(
    spoken: str, utility: Utility, ada: Person
) -> None:
    page = words(ada.comes_back(utility, state="nobodys", code="a-code"))
    assert LATE[spoken] in page


def test_what_is_wrong_is_said_in_it(spoken: str, utility: Utility, ada: Person) -> None:
    page = words(ada.browser.get(f"/connect/{utility.slug}/scope/?scope=FB=99"))
    assert {"fr": "Veuillez retourner chez", "es": "Vuelva a"}[spoken] in page
    assert "Nothing of what" not in page


def test_a_link_keeps_the_one_that_staff_chose(
    link: ShareLink, ada: Person, utility: Utility
) -> None:
    ada.browser.defaults["HTTP_ACCEPT_LANGUAGE"] = "es" if link.language == "fr" else "fr"
    assert f'<html lang="{link.language}">' in words(ada.browser.get(f"/share/{link.code}/"))


@pytest.mark.parametrize("asked", ["", "de", "xx-!", "*"])
def test_who_asks_for_none_of_ours_reads_english(asked: str, utility: Utility, ada: Person) -> None:
    ada.browser.defaults["HTTP_ACCEPT_LANGUAGE"] = asked
    assert "Choose your utility" in words(ada.browser.get("/connect/"))


@pytest.mark.django_db
def test_the_pages_after_it_speak_english(spoken: str, ada: Person) -> None:
    assert '<html lang="en">' in words(ada.browser.get("/connections/"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("granted", [True, False])
def test_every_sentence_about_a_scope_is_known(language: str, granted: bool) -> None:
    blocks = "FB=4_10_11_12_15_16_17_39_51"
    lengths = (0, 3600, 86_400, 3 * 86_400, 5_184_000, 31_536_000, 63_072_000)
    often = ("1", "7", "daily", "weekly", "monthly", "billingPeriod", "x")
    scopes = [blocks, "FB=4;AccountCollection=1", "FB=4;AccountCollection=1200"]
    scopes += [f"FB=4;HistoryLength={length}" for length in lengths]
    scopes += [f"FB=39;SubscriptionFrequency={name}" for name in often]
    scopes += ["FB=4;PreferredAuthEndDate=0", "FB=4;PreferredAuthEndDate=2000000000"]
    for text in scopes:
        scope = espi_scope.parse(text)
        english = scope.describe(granted=granted)
        with translation.override(language):
            translated = described(scope, granted=granted)
        assert len(translated) == len(english)
        for before, after in zip(english, translated, strict=True):
            assert before != after, before


def test_in_english_the_library_has_the_last_word() -> None:
    scope = espi_scope.parse("FB=4;PreferredAuthEndDate=2000000000")
    for language in ("en", "en-ca"):
        with translation.override(language):
            assert described(scope) == scope.describe()


# -- the catalogues --------------------------------------------------------------------------------


def catalogue(language: str) -> Catalog:
    with (ROOT / f"locale/{language}/LC_MESSAGES/django.po").open("rb") as file:
        return read_po(file, locale=language)


def said_in(compiled: Catalog) -> list[tuple[str, str]]:
    """Messages and translations; not the head, which names the version of the compiler."""
    return sorted((str(one.id), str(one.string)) for one in compiled if one.id)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_message_is_translated_with_the_same_places_to_fill_in(language: str) -> None:
    for message in catalogue(language):
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(strings), ids[0]
        assert not message.fuzzy, ids[0]
        for string in strings:
            assert set(PLACEHOLDER.findall(str(string))) == set(PLACEHOLDER.findall(str(ids[0]))), (
                ids[0]
            )


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_compiled_is_what_was_written(language: str) -> None:
    """`make messages` compiles it."""
    written = io.BytesIO()
    write_mo(written, catalogue(language))
    written.seek(0)
    with (ROOT / f"locale/{language}/LC_MESSAGES/django.mo").open("rb") as file:
        compiled = read_mo(file)
    assert said_in(compiled) == said_in(read_mo(written))


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_message_of_the_code_is_in_the_catalogue(language: str) -> None:
    known = {
        message.id[0] if isinstance(message.id, tuple) else message.id
        for message in catalogue(language)
    }
    said = {*messages_of_code(), *messages_of_templates()}
    assert len(said) > 80
    assert said - known == set()


def messages_of_code() -> Iterator[str]:
    names = {"gettext", "gettext_noop", "ngettext"}
    for path in (ROOT / "authorizations").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                first = node.args[0] if node.args else None
                if node.func.id in names and isinstance(first, ast.Constant):
                    yield str(first.value)


def messages_of_templates() -> Iterator[str]:
    call = re.compile(
        r"(?:p?gettext|_)\((?:u?'navigation', )?u?(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    )
    for path in (ROOT / "templates").rglob("*.*"):
        for found in call.finditer(templatize(path.read_text(encoding="utf-8"))):
            yield str(ast.literal_eval(found["text"]))
