"""Uploads: what is refused, before, while and after it comes; and what becomes of the rest."""

from __future__ import annotations

import gzip
import json
import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import StopUpload
from django.http import HttpRequest
from django.test import Client as Browser
from django.utils import timezone

from authorizations import access
from authorizations.models import Authorization
from greenbutton import tasks
from greenbutton.ingest.recut import recut_asked, settle
from greenbutton.models import Pull, RawFeed, ReadingDay
from greenbutton.uploads import FORM_BYTES, UploadLimit, announced_bytes
from greenbutton.views import upload
from tests import cast
from tests.greenbutton.ingest.documents import HOUR, MIDNIGHT, bill, block, document, hours, meter
from tests.greenbutton.ingest.test_import_file import local_time
from tests.greenbutton.ingest.test_unpack import zipped
from utilities.models import Utility

pytestmark = pytest.mark.django_db

GOOD = document(meter(), block(*hours([1000, 2000, 3000])), bill(MIDNIGHT)).getvalue()
LIMIT = 200_000


@pytest.fixture
def ada() -> cast.Person:
    return cast.ada()


@pytest.fixture
def utility() -> Utility:
    return cast.make_utility(slug="upload")


@pytest.fixture
def limited(settings: Any) -> int:
    settings.UPLOAD_MAX_BYTES = LIMIT
    return LIMIT


def file(data: bytes = GOOD, name: str = "usage.xml") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, "application/xml")


def send(
    person: cast.Person, data: bytes = GOOD, address: str = "/upload/send/", **more: Any
) -> Any:
    """Send the form, and follow nothing."""
    headers = {"accept": "application/json"} if more.pop("as_script", False) else {}
    form = {**more, "file": file(data, more.pop("name", "usage.xml"))}
    return person.browser.post(address, form, headers=headers)


def brought_by(person: cast.Person, data: bytes = GOOD, **more: Any) -> Authorization:
    """What a person uploaded, after the worker read it."""
    before = set(Authorization.objects.values_list("pk", flat=True))
    assert send(person, data, **more).status_code == 302
    made = Authorization.objects.exclude(pk__in=before).get()
    tasks.import_uploads_of(made.pk)
    made.refresh_from_db()
    return made


def words(answer: Any) -> str:
    """The text of a page, as it reads."""
    text = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", answer.content.decode(), flags=re.DOTALL)
    text = text.replace("&nbsp;", " ").replace("&#x27;", "'").replace("\u00a0", " ")
    return re.sub(r"\s+", " ", text)


def usage(person: cast.Person, authorization: Authorization) -> str:
    return words(person.browser.get(f"/usage/{authorization.uid}/"))


def nothing_is_kept() -> bool:
    return not (Authorization.objects.exists() or Pull.objects.exists() or RawFeed.objects.exists())


# --- Too large -----------------------------------------------------------------------------------


class Unread:
    """A body that nobody may touch."""

    def read(self, size: int = -1) -> bytes:
        raise AssertionError("the body was read")

    readline = read


def raw_post(person: cast.Person, body: Any, length: str | None, **more: str) -> Any:
    """A request as it is on the wire, whatever it says of itself."""
    environment = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/upload/send/",
        "CONTENT_TYPE": "multipart/form-data; boundary=b",
        "wsgi.input": body,
        **more,
    }
    if length is not None:
        environment["CONTENT_LENGTH"] = length
    return person.browser.request(**environment)


def form_of(data: bytes, fields: dict[str, str] | None = None) -> bytes:
    """A multipart body with the fields, then the file."""
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in (fields or {}).items()
    ]
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="usage.xml"\r\n'
    return b"".join([*parts, head, b"Content-Type: text/xml\r\n\r\n", data, b"\r\n--b--\r\n"])


@pytest.mark.parametrize("length", [LIMIT + FORM_BYTES + 1, 10**9, 10**30])
def test_what_says_that_it_is_too_large_is_refused_unread(
    ada: cast.Person, limited: int, length: int
) -> None:
    answer = raw_post(ada, Unread(), str(length))
    assert answer.status_code == 413
    assert "we take up to 195.3 KB" in words(answer)
    assert "pack the file as .zip" in words(answer)
    assert nothing_is_kept()


@pytest.mark.parametrize("length", [None, "", "-1", "many", "١٢٣", "1e9"])
def test_what_does_not_say_how_large_it_is_is_refused_unread(
    ada: cast.Person, length: str | None
) -> None:
    answer = raw_post(ada, Unread(), length)
    assert answer.status_code == 411
    assert "did not say how large" in words(answer)


def test_what_is_too_large_by_a_byte_is_refused_while_it_comes(
    ada: cast.Person, limited: int
) -> None:
    assert send(ada, b"<" * (limited + 1)).status_code == 413
    assert nothing_is_kept()
    assert send(ada, b"<" * limited).status_code == 302


def test_of_what_is_too_large_no_more_is_read_than_it_may_be(
    ada: cast.Person, limited: int
) -> None:
    """A Content-Length that lies by what a form may have beside its file."""
    body = BytesIO(form_of(b"<" * (limited + FORM_BYTES - 500)))
    answer = raw_post(ada, body, str(limited + FORM_BYTES))
    assert answer.status_code == 413
    # Django reads ahead by a chunk of its own.
    assert body.tell() <= limited + UploadLimit.chunk_size


def test_what_is_longer_than_it_says_is_cut_where_it_says(ada: cast.Person, limited: int) -> None:
    body = BytesIO(form_of(b"<" * 10 * limited))
    assert raw_post(ada, body, "5000").status_code == 422
    assert body.tell() <= 5000
    assert nothing_is_kept()


def test_what_is_shorter_than_it_says_is_not_taken(ada: cast.Person) -> None:
    assert raw_post(ada, BytesIO(form_of(GOOD)[:-2000]), "100000").status_code == 422
    assert nothing_is_kept()


def test_the_limit_counts_all_files_together() -> None:
    limit = UploadLimit(HttpRequest(), 10)
    assert limit.receive_data_chunk(b"12345", 0) == b"12345"
    limit.new_file("other", "other.xml", "text/xml", 5)
    assert limit.receive_data_chunk(b"67890", 0) == b"67890"
    with pytest.raises(StopUpload):
        limit.receive_data_chunk(b"1", 0)
    assert limit.is_exceeded


@pytest.mark.parametrize(("said", "size"), [("0", 0), ("17", 17), ("+17", None), ("1_0", None)])
def test_only_a_plain_number_is_a_length(said: str, size: int | None) -> None:
    request = HttpRequest()
    request.META["CONTENT_LENGTH"] = said
    assert announced_bytes(request) == size


# --- What is no Green Button file ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"%PDF-1.7", "This is a PDF"),
        (b"<!doctype html><p>Sign in", "This is a web page"),
        (b"DATE,USAGE\n1,2\n", "This is no XML"),
        (b" \n", "The file is empty"),
        (b"", "The file is empty"),
        (zipped(("a.xml", GOOD), ("b.xml", GOOD)), "There are 2 .xml files"),
        (zipped(("a.csv", b"1")), "There is no .xml file"),
        (b"PK\x03\x04rubbish", "damaged or was cut off"),
    ],
    # Packed data differs from one process to the next, since it holds the time.
    ids=["pdf", "html", "csv", "blank", "empty", "two in a zip", "no xml in a zip", "broken zip"],
)
def test_what_can_hold_no_document_is_told_at_once(
    ada: cast.Person, data: bytes, says: str
) -> None:
    answer = send(ada, data)
    assert answer.status_code == 422
    assert says in words(answer)
    assert nothing_is_kept()
    # And the form is there to try again.
    assert 'name="file"' in answer.content.decode()


@pytest.mark.parametrize("form", [{}, {"file": "just text"}, {"other": file()}])
def test_without_a_file_nothing_happens(ada: cast.Person, form: dict[str, Any]) -> None:
    answer = ada.browser.post("/upload/send/", form)
    assert answer.status_code == 422
    assert "Choose a file first" in words(answer)
    assert nothing_is_kept()


def test_a_form_that_is_no_form_is_refused(ada: cast.Person) -> None:
    answer = ada.browser.post("/upload/send/", GOOD, content_type="application/xml")
    assert answer.status_code == 422
    assert nothing_is_kept()


def test_several_files_at_once_are_refused(ada: cast.Person) -> None:
    assert ada.browser.post("/upload/send/", {"file": [file(), file()]}).status_code == 400
    assert nothing_is_kept()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (GOOD[:-30], "it was cut off"),
        (b"<feed xmlns='http://www.w3.org/2005/Atom'>", "it was cut off"),
        (b"<rss version='2.0'><channel/></rss>", "no Green Button data"),
        (GOOD.replace(b"<feed", b"<!DOCTYPE feed [<!ENTITY a 'b'>]><feed"), "not accepted"),
        (zipped(("a.xml", b"<feed" + b" " * 3_000_000)), "larger than 2,000,000 bytes"),
    ],
    ids=["cut off", "begun", "rss", "entity", "bomb"],
)
def test_what_turns_out_to_be_unreadable_is_told_on_its_page(
    ada: cast.Person, settings: Any, data: bytes, says: str
) -> None:
    settings.FEED_MAX_BYTES = 2_000_000
    authorization = brought_by(ada, data)
    page = usage(ada, authorization)
    assert "We could not read this file" in page
    assert "usage.xml" in page
    assert says in page
    assert "Download it from your utility again" in page
    assert (
        f"/upload/{authorization.uid}/"
        in ada.browser.get(f"/usage/{authorization.uid}/").content.decode()
    )
    assert not ReadingDay.objects.exists()
    # It litters no list.
    assert authorization.uid not in ada.browser.get("/connections/").content.decode()
    assert authorization.uid not in ada.browser.get("/").content.decode()


def test_after_a_refusal_a_good_file_goes_to_the_same_place(ada: cast.Person) -> None:
    authorization = brought_by(ada, GOOD[:-30])
    answer = send(ada, address=f"/upload/{authorization.uid}/send/")
    assert answer["Location"] == f"/usage/{authorization.uid}/"
    tasks.import_uploads_of(authorization.pk)
    assert Authorization.objects.count() == 1
    assert "6 kWh" in usage(ada, authorization)
    assert authorization.uid in ada.browser.get("/connections/").content.decode()


# --- Who may --------------------------------------------------------------------------------------


def test_a_form_from_elsewhere_is_refused() -> None:
    strict = Browser(enforce_csrf_checks=True, headers={"host": "localhost:8000"})
    assert strict.post("/upload/send/", {"file": file()}).status_code == 403
    assert nothing_is_kept()
    page = strict.get("/upload/").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token is not None
    form: dict[str, Any] = {"csrfmiddlewaretoken": token[1], "file": file()}
    assert strict.post("/upload/send/", form).status_code == 302
    form["file"], evil = file(), {"origin": "https://evil.example"}
    assert strict.post("/upload/send/", form, headers=evil).status_code == 403


PAGES = ["", "send/", "time-zone/"]


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_added_to_anothers(ada: cast.Person, page: str) -> None:
    address = f"/upload/{brought_by(ada).uid}/{page}"
    for stranger in (cast.ben(), cast.Person("nobody", cookie="")):
        answer = (
            stranger.browser.post(address, {"file": file(), "time_zone": "Asia/Tokyo"})
            if page
            else stranger.browser.get(address)
        )
        assert answer.status_code == 404
    assert Pull.objects.count() == 1
    assert Authorization.objects.get().zone.key == "UTC"


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_added_to_what_a_utility_gave(
    ada: cast.Person, utility: Utility, page: str
) -> None:
    """What was connected stays what the utility says."""
    connected = cast.authorize(ada, utility)
    address = f"/upload/{connected.uid}/{page}"
    answer = ada.browser.post(address, {"file": file()}) if page else ada.browser.get(address)
    assert answer.status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_added_to_what_was_deleted(ada: cast.Person, page: str) -> None:
    authorization = brought_by(ada)
    authorization.mark_revoked("customer")
    address = f"/upload/{authorization.uid}/{page}"
    answer = ada.browser.post(address, {"file": file()}) if page else ada.browser.get(address)
    assert answer.status_code == 404


@pytest.mark.parametrize("address", ["/upload/send/", "/upload/x/send/", "/upload/x/time-zone/"])
def test_nothing_is_sent_by_a_link(ada: cast.Person, address: str) -> None:
    assert ada.browser.get(address).status_code == 405


def test_another_browser_sees_nothing_of_it(ada: cast.Person) -> None:
    authorization = brought_by(ada)
    for rest in ("", "progress/", "chart/"):
        address = f"/usage/{authorization.uid}/{rest}"
        assert ada.browser.get(address).status_code == 200
        assert cast.cy().browser.get(address).status_code == 404


def test_there_is_a_limit_to_how_often(ada: cast.Person, settings: Any) -> None:
    settings.UPLOADS_AN_HOUR_PER_BROWSER = 2
    assert [send(ada).status_code for _ in range(3)] == [302, 302, 429]
    answer = raw_post(ada, Unread(), "1000")
    assert (answer.status_code, answer["Retry-After"]) == (429, "3600")
    assert "Wait a while" in words(answer)
    assert send(cast.ben()).status_code == 302
    assert Pull.objects.count() == 3


def test_a_browser_that_forgets_its_name_is_counted_by_its_address(
    settings: Any,
) -> None:
    settings.UPLOADS_AN_HOUR_PER_ADDRESS = 2
    person = cast.Person("Nobody")
    codes = []
    for _ in range(3):
        person.browser.cookies.clear()
        codes.append(send(person).status_code)
    assert codes == [302, 302, 429]


# --- What becomes of it ---------------------------------------------------------------------------


@pytest.fixture
def guest() -> cast.Person:
    """Somebody who was never here before."""
    person = cast.Person("Dee")
    person.browser.cookies.clear()
    return person


def test_a_guest_brings_a_file_and_sees_it(guest: cast.Person, utility: Utility) -> None:
    assert guest.browser.get("/upload/").status_code == 200
    authorization = brought_by(guest, utility="upload")
    assert guest.browser.cookies[access.COOKIE].value
    assert (authorization.origin, authorization.utility) == ("file", utility)
    page = usage(guest, authorization)
    assert "Upload Power and Light" in page
    assert "From the file that you brought" in page
    assert "Electricity: 1 meter, 2 March 2026, 1 bill" in page
    assert "3 readings, all new, 1 new bill" in page
    assert "6 kWh" in page


def test_a_file_of_an_unknown_utility_works_everywhere(ada: cast.Person) -> None:
    authorization = brought_by(ada, utility="no-such", name="Meine Datei.xml")
    assert authorization.utility is None
    for address in ("/", "/connections/", f"/usage/{authorization.uid}/"):
        assert "Your Green Button file" in words(ada.browser.get(address))
    assert "Meine Datei.xml" in usage(ada, authorization)
    boss = cast.browser()
    boss.force_login(
        cast.make_staff("boss", "view_authorization", "change_authorization", "view_pull")
    )
    pull = authorization.pulls.get()
    for address in (
        "/staff/authorizations/authorization/",
        f"/staff/authorizations/authorization/{authorization.pk}/change/",
        "/staff/greenbutton/pull/",
        f"/staff/greenbutton/pull/{pull.pk}/change/",
        f"/usage/{authorization.uid}/",
    ):
        answer = boss.get(address)
        assert answer.status_code == 200
        assert authorization.uid in answer.content.decode()
    assert "Upload: Meine Datei.xml" in words(
        boss.get(f"/staff/greenbutton/pull/{pull.pk}/change/")
    )
    ada.browser.post(f"/connections/{authorization.uid}/disconnect/")
    assert "Your files are deleted" in words(
        ada.browser.get(f"/connections/{authorization.uid}/stopped/")
    )
    # At once; a worker looks once more in half a minute.
    assert tasks.purge_due() == 0
    assert not ReadingDay.objects.exists()
    assert "is deleted" in words(ada.browser.get(f"/connections/{authorization.uid}/stopped/"))


@pytest.mark.parametrize(
    "data",
    [GOOD, gzip.compress(GOOD), zipped(("usage.xml", GOOD))],
    ids=["plain", "gz", "zip"],
)
def test_it_may_be_packed(ada: cast.Person, data: bytes) -> None:
    brought_by(ada, data)
    assert ReadingDay.objects.get().values == [1000, 2000, 3000]


def test_a_script_is_answered_in_json(ada: cast.Person, limited: int) -> None:
    answer = send(ada, as_script=True)
    assert answer.json() == {"location": f"/usage/{Authorization.objects.get().uid}/"}
    answer = send(ada, b"<" * (limited + 1), as_script=True)
    assert answer.status_code == 413
    assert "we take up to" in json.loads(answer.content)["problem"]


def test_while_it_is_read_the_page_says_so(ada: cast.Person) -> None:
    send(ada)
    authorization = Authorization.objects.get()
    page = ada.browser.get(f"/usage/{authorization.uid}/")
    assert "We are reading your file" in words(page)
    assert "Just starting" in words(page)
    Pull.objects.update(readings=12_345)
    address, by_htmx = f"/usage/{authorization.uid}/progress/", {"HX-Request": "true"}
    assert "12,345 readings so far" in words(ada.browser.get(address, headers=by_htmx))
    tasks.import_uploads_of(authorization.pk)
    over = ada.browser.get(address, headers=by_htmx)
    assert over.headers["HX-Refresh"] == "true"


def test_another_file_is_put_together_with_the_first(ada: cast.Person) -> None:
    authorization = brought_by(ada, name="first.xml")
    more = document(meter(), block(*hours([2000, 4000], MIDNIGHT + HOUR))).getvalue()
    page = words(ada.browser.get(f"/upload/{authorization.uid}/"))
    assert "Add another file" in page
    assert "Which utility" not in page
    send(ada, more, f"/upload/{authorization.uid}/send/", name="second.xml")
    tasks.import_uploads_of(authorization.pk)
    page = usage(ada, authorization)
    assert "From 2 files that you brought" in page
    assert "2 readings, 1 corrected" in page
    assert page.index("second.xml") < page.index("first.xml")
    assert "7 kWh" in page


def test_findings_are_told_in_words_and_counted(ada: cast.Person) -> None:
    odd = document(meter(kind=None), block(*hours([1, 2]), *hours([1, 2]))).getvalue()
    page = usage(ada, brought_by(ada, odd))
    assert "What is unusual about it" in page
    assert "Meters" in page
    assert "The file does not say whether a meter is of electricity, gas or water." in page
    assert "A reading is given more than once; it was taken once. 2 times" in page
    assert "reading.repeated" not in page


def test_a_file_without_usage_says_what_to_look_for(ada: cast.Person) -> None:
    page = usage(ada, brought_by(ada, document(local_time(-5)).getvalue()))
    assert "There is no meter, reading or bill in this file" in page


# --- The time zone --------------------------------------------------------------------------------


WESTERN = document(local_time(-8), meter(), block(*hours([1000] * 24))).getvalue()


def test_the_customer_is_asked_and_says_yes(ada: cast.Person) -> None:
    authorization = brought_by(ada, WESTERN)
    page = usage(ada, authorization)
    assert "Is this the time where the meter is?" in page
    assert "Yes, Pacific (Los Angeles)" in page
    address = f"/upload/{authorization.uid}/time-zone/"
    assert ada.browser.post(address, {"time_zone": "America/Los_Angeles"}).status_code == 302
    page = usage(ada, authorization)
    assert "Is this the time" not in page
    assert "Times are those of Pacific (Los Angeles)" in page


def test_the_customer_knows_better_and_days_are_cut_anew(ada: cast.Person) -> None:
    authorization = brought_by(ada, WESTERN)
    assert ReadingDay.objects.count() == 2
    ada.browser.post(f"/upload/{authorization.uid}/time-zone/", {"time_zone": "America/Toronto"})
    page = usage(ada, authorization)
    assert "We are sorting your readings into days of Eastern (Toronto)." in page
    assert "Is this the time" not in page
    tasks.dispatch_recuttings()
    tasks.recut_days_of(authorization.pk)
    by_htmx = {"HX-Request": "true"}
    over = ada.browser.get(f"/usage/{authorization.uid}/progress/", headers=by_htmx)
    assert over.headers["HX-Refresh"] == "true"
    assert ReadingDay.objects.get().count == 24
    authorization.refresh_from_db()
    assert authorization.zone.key == "America/Toronto"
    assert not authorization.time_zone_is_proposed
    assert "Days and times are those of Eastern (Toronto) now" in usage(ada, authorization)


def test_where_nothing_is_known_the_customer_is_asked(ada: cast.Person) -> None:
    assert "does not say in which time zone" in usage(ada, brought_by(ada))


def test_the_browsers_zone_is_a_guess_and_only_if_it_is_one(ada: cast.Person) -> None:
    assert brought_by(ada, browser_zone="America/Halifax").zone.key == "America/Halifax"
    assert brought_by(ada, browser_zone="../../etc/passwd").zone.key == "UTC"


def test_where_utility_and_file_agree_nobody_is_asked(ada: cast.Person, utility: Utility) -> None:
    eastern = document(local_time(-5), meter(), block(*hours([1]))).getvalue()
    assert "Is this the time" not in usage(ada, brought_by(ada, eastern, utility="upload"))


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../UTC", "UTC\0", "localtime"])
def test_what_is_no_zone_changes_nothing(ada: cast.Person, name: str) -> None:
    authorization = brought_by(ada, WESTERN)
    address = f"/upload/{authorization.uid}/time-zone/"
    assert ada.browser.post(address, {"time_zone": name}).status_code == 404
    authorization.refresh_from_db()
    assert authorization.time_zone_is_proposed


def test_while_a_file_is_read_the_zone_stays_and_is_changed_after(ada: cast.Person) -> None:
    authorization = brought_by(ada, WESTERN)
    Authorization.objects.update(leased_until=timezone.now() + timedelta(minutes=5))
    ada.browser.post(f"/upload/{authorization.uid}/time-zone/", {"time_zone": "Asia/Tokyo"})
    tasks.recut_days_of(authorization.pk)
    authorization.refresh_from_db()
    assert authorization.zone.key == "America/Los_Angeles"
    assert "We are sorting your readings into days of Tokyo." in usage(ada, authorization)
    Authorization.objects.update(leased_until=None)
    tasks.recut_days_of(authorization.pk)
    authorization.refresh_from_db()
    assert authorization.zone.key == "Asia/Tokyo"


def test_a_page_that_shows_an_older_zone_says_it_of_the_days_as_well(ada: cast.Person) -> None:
    authorization = brought_by(ada, WESTERN)
    as_it_was = Authorization.objects.get(pk=authorization.pk)
    assert not settle(authorization, "America/Toronto")
    recut_asked(authorization)
    assert ReadingDay.objects.get().count == 24
    assert not settle(as_it_was, "America/Los_Angeles")
    recut_asked(as_it_was)
    assert ReadingDay.objects.count() == 2
    authorization.refresh_from_db()
    assert authorization.zone.key == "America/Los_Angeles"


def test_who_stops_sharing_while_a_file_comes_is_told_what_became_of_it(
    ada: cast.Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    authorization = brought_by(ada)
    as_it_began = Authorization.objects.get(pk=authorization.pk)
    authorization.mark_revoked("customer")
    monkeypatch.setattr(upload, "get_authorization_for", lambda *_, **__: as_it_began)
    answer = send(ada, address=f"/upload/{authorization.uid}/send/")
    assert answer.status_code == 409
    assert "Sharing was stopped while your file came in" in words(answer)
    assert Pull.objects.count() == 1


def test_days_that_contradict_themselves_keep_their_zone(ada: cast.Person) -> None:
    authorization = brought_by(ada, WESTERN)
    ReadingDay.objects.update(total=7)
    ada.browser.post(f"/upload/{authorization.uid}/time-zone/", {"time_zone": "Asia/Tokyo"})
    tasks.recut_days_of(authorization.pk)
    page = usage(ada, authorization)
    assert "days and times are still those of Pacific (Los Angeles)" in page
    # It may be said again.
    assert "Is this the time where the meter is?" in page


# --- Staff ----------------------------------------------------------------------------------------


def test_staff_cut_days_anew_and_say_why(ada: cast.Person) -> None:
    authorization = brought_by(ada, WESTERN)
    page = f"/staff/authorizations/authorization/{authorization.pk}"
    form = {"_form_submitted": "True", "why": "She told us", "time_zone": "America/Toronto"}
    looker, boss = cast.browser(), cast.browser()
    looker.force_login(cast.make_staff("looker", "view_authorization"))
    assert looker.post(f"{page}/recut-days/", form).status_code == 403
    boss.force_login(cast.make_staff("boss", "view_authorization", "change_authorization"))
    assert "America/Los_Angeles (its own, not confirmed" in words(boss.get(f"{page}/change/"))
    answer = boss.post(f"{page}/recut-days/", form, follow=True)
    assert "A worker cuts the days anew" in words(answer)
    assert ReadingDay.objects.count() == 2
    assert "a worker does it" in words(boss.get(f"{page}/change/"))
    tasks.recut_days_of(authorization.pk)
    done = words(boss.get(f"{page}/change/"))
    assert "with 24 readings. Days of America/Toronto: 1, before: 2." in done
    assert "She told us" in words(boss.get(f"{page}/history/"))
    assert ReadingDay.objects.get().count == 24


def test_staff_move_no_connection_out_of_its_utilitys_zone(
    ada: cast.Person, utility: Utility
) -> None:
    connected = cast.authorize(ada, utility)
    boss = cast.browser()
    boss.force_login(cast.make_staff("boss", "view_authorization", "change_authorization"))
    form = {"_form_submitted": "True", "why": "A try", "time_zone": "America/Regina"}
    page = f"/staff/authorizations/authorization/{connected.pk}/recut-days/"
    assert "Its time zone is its utility's" in words(boss.post(page, form, follow=True))
    connected.refresh_from_db()
    assert connected.time_zone == ""
