"""What customers do, at this portal and at their utility, in a browser of their own."""

from __future__ import annotations

from functools import partial
from urllib.parse import parse_qs, urlsplit

from django.conf import settings

from authorizations.links.renewal import renewal_link
from authorizations.models import ShareLink
from portal.rehearsal.browser import Browser, Page
from portal.soak.plays import Act, Play, WentOtherwise
from utilities.client import GreenButtonClient
from utilities.models import Client

# Demo Utility's test accounts take any password.
PASSWORD = "any"  # noqa: S105
BILLS = "16"


def connects(household: str = "residential") -> Act:
    """From the link's page to the utility, and back with its consent.

    The utility's pages are left out: a code for a test customer is asked for in their place.
    """
    return partial(_connects, household=household)


def _connects(play: Play, household: str) -> None:
    play.browser.open(_consents(play.browser, play.client, play.link, household))
    _arrived(play)


def comes_back_twice(play: Play) -> None:
    """Reload the page of the way back: the same consent, and no other, is shown."""
    callback = _consents(play.browser, play.client, play.link, "residential")
    play.browser.open(callback)
    _arrived(play)
    play.browser.open(callback)
    _arrived(play)


def consents(play: Play) -> None:
    """Consent at the utility, and stand there still: the way back comes later."""
    play.way_back = _consents(play.browser, play.client, play.link, "residential")


def comes_back_in_vain(play: Play) -> None:
    """Come back with a code that the utility gives no tokens for: asked to come again."""
    page = play.browser.open(play.way_back)
    if page.status == 200 or play.rows():
        raise WentOtherwise(f"connected all the same: {page.describe()}")


def connects_by_pages(play: Play) -> None:
    """The whole way, page by page, as a customer walks it."""
    page = _signs_in(play, "residential")
    play.browser.submit(page.form("consent"), {"decision": "allow"})
    _arrived(play)


def says_no(play: Play) -> None:
    """Sign in at the utility, and decline."""
    page = _signs_in(play, "residential")
    page = play.browser.submit(page.form("consent"), {"decision": "deny"})
    _is_back_here(play, page)


def is_turned_away(household: str) -> Act:
    """Get no further than a page of the utility's, and go back from there."""
    return partial(_is_turned_away, household=household)


def _is_turned_away(play: Play, household: str) -> None:
    page = _signs_in(play, household)
    if page.has_form("consent"):
        raise WentOtherwise("the utility asks for a consent all the same")
    _is_back_here(play, play.browser.submit(page.form("cancel")))


def gives_address(play: Play) -> None:
    """Give an e-mail address on the page of the readings, for receipts and reminders."""
    page = _own_page(play)
    form = next(one for one in page.forms if one.action.endswith("/give/"))
    play.browser.submit(form, {"email": f"soak-{play.link.uid.lower()}@example.com"})
    if not play.row().customer_email:
        raise WentOtherwise("the address was not taken")


def stops(play: Play) -> None:
    """Press “Stop sharing”, on the page of the readings."""
    page = _own_page(play)
    form = next(one for one in page.forms if one.action.endswith("/disconnect/"))
    play.browser.submit(form)


def stops_one_meter(play: Play) -> None:
    """Stop sharing the first of the meters, and go on with the others."""
    row = play.row()
    point = row.usage_points.order_by("kind").first()
    if point is None:
        raise WentOtherwise("there is no meter to stop")
    address = f"{settings.PORTAL_URL}/usage/{row.uid}/meters/{point.uid}/"
    page = play.browser.open(address)
    play.browser.submit(next(one for one in page.forms if one.action.endswith("/stop/")))


def narrows_at_utility(play: Play) -> None:
    """Share no bills any more, on the utility's own pages."""
    with Browser() as at_utility:
        _own_page_at_utility(at_utility, play, "change/")
        form = at_utility.page.form("narrow")
        data = [value for name, value in form.fields if name == "data" and value != BILLS]
        at_utility.submit(form, {"data": data})


def revokes_at_utility(play: Play) -> None:
    """Stop sharing on the utility's own pages."""
    with Browser() as at_utility:
        _own_page_at_utility(at_utility, play)
        at_utility.submit(at_utility.page.form("revoke"))


def consents_elsewhere(play: Play) -> None:
    """Consent to this company by another address of its registration: nothing comes here."""
    asked = {
        "scenario": "residential",
        "scope": play.client.default_scope,
        "redirect_uri": play.client.redirect_uris[0],
        "state": "elsewhere",
    }
    GreenButtonClient(play.client).post_json(play.client.utility.test_submit_url, asked)


def renews(household: str = "residential", *, elsewhere: bool = False) -> Act:
    """Consent anew by a link that renews; `elsewhere` is in a browser that was never here before.

    Another household is another customer, to whom the link was forwarded.
    """
    return partial(_renews, household=household, elsewhere=elsewhere)


def _renews(play: Play, household: str, elsewhere: bool) -> None:
    play.renewal = renewal_link(play.row())
    with Browser() as another:
        browser = another if elsewhere else play.browser
        browser.open(_consents(browser, play.client, play.renewal, household))
        if not browser.page.url.startswith(f"{settings.PORTAL_URL}/usage/"):
            raise WentOtherwise(f"the way back ended at {browser.page.describe()}")


# -- steps of these ------------------------------------------------------------------------------


def _sets_out(browser: Browser, link: ShareLink) -> Page:
    """From a link's page to the utility's first one."""
    page = browser.submit(browser.open(link.url).form("share"))
    if not page.url.startswith(settings.SANDBOX_URL):
        raise WentOtherwise(f"the link leads to {page.describe()}, not to the utility")
    return page


def _consents(browser: Browser, client: Client, link: ShareLink, household: str) -> str:
    """From a link's page to a consent; the address of the way back, with a code."""
    _sets_out(browser, link)
    utility = client.utility
    address = next(one for one in browser.through if one.startswith(utility.authorize_url))
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    door = GreenButtonClient(client)
    answer = door.post_json(utility.test_submit_url, {**asked, "scenario": household})
    return str(answer["redirect_uri"])


def _arrived(play: Play) -> None:
    row, page = play.row(), play.browser.page
    if page.url != f"{settings.PORTAL_URL}/usage/{row.uid}/":
        raise WentOtherwise(f"the way back ended at {page.describe()}")


def _signs_in(play: Play, household: str) -> Page:
    page = _sets_out(play.browser, play.link)
    return _types_name(play.browser, page, household)


def _types_name(browser: Browser, page: Page, household: str) -> Page:
    typed = {"type": "username", "value": f"UAPI_TEST_{household}", "password": PASSWORD}
    return browser.submit(page.form("authenticate"), typed)


def _is_back_here(play: Play, page: Page) -> None:
    if not page.url.startswith(settings.PORTAL_URL) or play.rows():
        raise WentOtherwise(f"expected to be back without a connection, not {page.describe()}")
    play.told = page.text


def _own_page(play: Play) -> Page:
    return play.browser.open(f"{settings.PORTAL_URL}/usage/{play.row().uid}/")


def _own_page_at_utility(browser: Browser, play: Play, below: str = "") -> None:
    """Sign in where the utility shows its customers with whom they share, and open this one."""
    utility = urlsplit(play.client.utility.authorize_url).path.split("/")[2]
    home = f"{settings.SANDBOX_URL}/{utility}/my/"
    page = browser.submit(browser.open(home).form("sign-in"))
    _types_name(browser, page, "residential")
    # The last part of its address is the name by which the utility knows it.
    name = play.row().authorization_uri.rpartition("/")[2]
    browser.open(f"{home}{name}/{below}")
