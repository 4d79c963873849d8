"""What somebody needs who hears a page, or walks through it by keyboard."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, cast

import pytest
from lxml.html import HtmlElement, document_fromstring

from tests.sandbox.companies import Person, registered
from tests.sandbox.walk import Company, Walk, browser
from utilities.sandbox.programmes import all_programmes

HEADINGS = ("h1", "h2", "h3", "h4")
slugs = pytest.mark.parametrize("slug", sorted(all_programmes()))


def check(html: str) -> None:
    """Raise AssertionError, which names what is wrong, for a page that leaves somebody out."""
    page = document_fromstring(html)
    assert page.get("lang") == "en"
    assert page.findtext(".//title")
    assert len(page.findall(".//h1")) == 1
    assert len(page.findall(".//main")) == 1
    ids = [element.get("id") for element in elements(page, "//*[@id]")]
    assert len(ids) == len(set(ids))
    levels = [HEADINGS.index(heading.tag) for heading in page.iter(*HEADINGS)]
    assert all(below - above <= 1 for above, below in pairwise(levels))
    for field in elements(page, "//input[not(@type='hidden')] | //select | //textarea"):
        assert _label(page, field), field.get("name")
        for described in (field.get("aria-describedby") or "").split():
            assert described in ids, described
    for element in elements(page, "//a | //button | //legend | //th | //summary"):
        assert element.text_content().strip(), element.tag


def elements(page: HtmlElement, path: str, **names: Any) -> list[HtmlElement]:
    """The elements at a path; an XPath may also find texts and numbers, as its types say."""
    return cast("list[HtmlElement]", page.xpath(path, **names))


def _label(page: HtmlElement, field: HtmlElement) -> str:
    around = next(field.iterancestors("label"), None)
    labels = (
        [around] if around is not None else elements(page, "//label[@for=$id]", id=field.get("id"))
    )
    return "".join(label.text_content().strip() for label in labels)


@slugs
@pytest.mark.parametrize("path", ["", "docs/", "terms/", "register/", "sign-in/", "my/"])
def test_the_pages_to_read_leave_nobody_out(slug: str, path: str) -> None:
    check(browser().get(f"/{slug}/{path}").content.decode())


@pytest.mark.parametrize("path", ["/", "/nowhere/", "/svce/docs/otp/"])
def test_neither_do_the_others(path: str) -> None:
    check(browser().get(path).content.decode())


def test_nor_a_form_that_comes_back() -> None:
    stranger = Person.stranger()
    assert stranger.post("/ssmpuc/register/send/").status_code == 422
    check(stranger.html)


@slugs
def test_nor_the_pages_of_a_company(slug: str) -> None:
    ada = Person.named("ada")
    mine = f"/{slug}/registrations/{registered(ada, slug).client_id}/"
    for path in (f"/{slug}/registrations/", mine, f"{mine}deliveries/", f"{mine}conditions/"):
        check(ada.client.get(path).content.decode())
    check(ada.client.get(f"/{slug}/docs/").content.decode())


@slugs
def test_nor_those_of_the_staff(slug: str) -> None:
    company = registered(Person.named("ada"), slug)
    staff = Person.staff(slug)
    for path in (f"/{slug}/staff/", f"/{slug}/staff/{company.client_id}/"):
        check(staff.client.get(path).content.decode())


@slugs
def test_nor_the_way_to_a_consent(slug: str) -> None:
    walk = Walk(Company.public(slug))
    check(walk.html)
    walk.sign_in()
    check(walk.html)
