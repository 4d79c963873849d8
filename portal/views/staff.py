"""The staff dashboard: what there is, what is wrong, and the way to the rest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from authorizations.models import Authorization, AuthorizationQuerySet
from greenbutton.models import Pull, ReadingDay
from greenbutton.staff_pages.words import pull_badge, test_badge
from utilities.admin import status_badge
from utilities.models import Client
from utilities.staff import link_to

LATEST_PULLS = 10
A_DAY = timedelta(hours=24)

SIDEBAR = [
    ("Share links", "link", "authorizations", "sharelink"),
    ("Return addresses", "keyboard_return", "authorizations", "returnaddress"),
    ("Authorizations", "handshake", "authorizations", "authorization"),
    ("Meters", "electric_meter", "greenbutton", "usagepoint"),
    ("Pulls", "download", "greenbutton", "pull"),
    ("Bulk feeds", "dynamic_feed", "greenbutton", "bulkcollection"),
    ("Attempts to connect", "login", "authorizations", "connectattempt"),
    ("Events", "history", "authorizations", "event"),
    ("Notifications", "notifications", "authorizations", "notification"),
    ("Comparisons", "sync", "authorizations", "reconciliation"),
    ("Found at utilities", "travel_explore", "authorizations", "foreignauthorization"),
    ("Clients", "badge", "utilities", "client"),
    ("Tests of clients", "science", "greenbutton", "clientcheck"),
    ("Utilities", "bolt", "utilities", "utility"),
]


class Card(NamedTuple):
    """One figure, what it counts, and where to see the rows behind it."""

    title: str
    figure: int
    note: str
    url: str
    alarming: bool = False


class PullLine(NamedTuple):
    """A pull, its state and whose data it is about, and the way to it."""

    pull: Pull
    badges: SafeString
    link: SafeString


class ClientLine(NamedTuple):
    """A registration, its status, and the way to it."""

    client: Client
    badge: SafeString
    link: SafeString


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the index page of the staff site shows; unfold calls it.

    Test authorizations are left out of figures unless asked for, and each part is there only for
    those who may see the rows behind it.
    """
    with_tests = request.GET.get("tests") == "yes"
    context |= {"title": "Dashboard", "with_tests": with_tests, "cards": []}
    if may_view(request, "authorizations", "authorization"):
        context["cards"] += authorization_cards(with_tests)
    if may_view(request, "greenbutton", "pull"):
        context["cards"] += collection_cards(with_tests)
        context["pulls"] = pull_lines(with_tests)
    if may_view(request, "utilities", "client"):
        context["clients"] = client_lines()
    context["may_share"] = request.user.has_perm("authorizations.add_sharelink")
    return context


def may_view(request: HttpRequest, app: str, model: str) -> bool:
    """Whether the pages of this model are open to who asks."""
    rights = (f"{app}.view_{model}", f"{app}.change_{model}")
    return any(request.user.has_perm(right) for right in rights)


def counted(with_tests: bool) -> AuthorizationQuerySet:
    """The authorizations that figures are about."""
    everything = Authorization.objects.all()
    return everything.filter(archived_at=None) if with_tests else everything.for_figures()


def authorization_cards(with_tests: bool) -> list[Card]:
    """How many customers share, how many are being collected, and how many are in trouble."""
    some = counted(with_tests)
    attention = some.needing_attention().count()
    rows = "authorizations_authorization"
    return [
        Card(
            "Active authorizations",
            some.filter(status=Authorization.Status.ACTIVE).count(),
            "Customers who share their data now",
            list_url(rows, with_tests, status__exact="active"),
        ),
        Card(
            "Collecting now",
            some.being_collected().count(),
            "A worker is fetching their data",
            list_url(rows, with_tests, attention="collecting"),
        ),
        Card(
            "Need attention",
            attention,
            "A new consent is needed, or collecting fails",
            list_url(rows, with_tests, attention="yes"),
            alarming=attention > 0,
        ),
    ]


def collection_cards(with_tests: bool) -> list[Card]:
    """What is kept, and how the last day's pulls went."""
    some = counted(with_tests)
    kept = ReadingDay.objects.filter(authorization__in=some).aggregate(all=Sum("count"))["all"]
    day = latest_pulls(with_tests).filter(started__gt=timezone.now() - A_DAY)
    pulls = day.aggregate(all=Count("pk"), failed=Count("pk", filter=Q(state=Pull.State.FAILED)))
    return [
        Card(
            "Readings kept",
            kept or 0,
            "Of these authorizations, in all",
            list_url("authorizations_authorization", with_tests),
        ),
        Card(
            "Pulls in 24 hours",
            pulls["all"],
            f"{pulls['failed']} of them failed" if pulls["failed"] else "None of them failed",
            list_url("greenbutton_pull", with_tests, of="authorization__"),
            alarming=pulls["failed"] > 0,
        ),
    ]


def latest_pulls(with_tests: bool) -> QuerySet[Pull]:
    """The pulls that figures are about, the newest first."""
    return Pull.objects.filter(authorization__in=counted(with_tests))


def pull_lines(with_tests: bool) -> list[PullLine]:
    """The latest pulls, with what went wrong in words."""
    pulls = latest_pulls(with_tests).select_related("authorization__utility")[:LATEST_PULLS]
    return [
        PullLine(
            pull,
            format_html("{} {}", pull_badge(pull.state), test_badge(pull.authorization)),
            link_to(pull, str(pull.authorization)),
        )
        for pull in pulls
    ]


def client_lines() -> list[ClientLine]:
    """The registrations that are not put away, each with its status."""
    clients = Client.objects.filter(retired_at=None).select_related("utility")
    return [
        ClientLine(client, status_badge(client), link_to(client, client.client_id))
        for client in clients
    ]


def list_url(name: str, with_tests: bool, of: str = "", **filters: str) -> str:
    """A list of rows, narrowed to those that a figure counts."""
    if not with_tests:
        filters[f"{of}is_test__exact"] = "0"
    return f"{reverse(f'admin:{name}_changelist')}?{urlencode(filters)}"


def environment(request: HttpRequest) -> list[str] | None:
    """The word beside each page's title in a demo."""
    return ["Demo", "warning"] if settings.DEMO else None


def logo(request: HttpRequest) -> str:
    """The sign in the corner and in the browser's tab."""
    return static("portal/logo.svg")


def stylesheet(request: HttpRequest) -> str:
    """What unfold's own sheet leaves to be mended."""
    return static("portal/staff.css")


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar: the pages that whoever asks may see."""
    work = [
        {"title": title, "icon": icon, "link": reverse(f"admin:{app}_{model}_changelist")}
        for title, icon, app, model in SIDEBAR
        if may_view(request, app, model)
    ]
    groups: list[dict[str, Any]] = [
        {"items": [{"title": "Dashboard", "icon": "dashboard", "link": reverse("admin:index")}]},
        {"title": "Data sharing", "separator": True, "items": work},
    ]
    if request.user.is_superuser:
        people = [
            {"title": "Staff accounts", "icon": "badge", "link": _accounts(is_staff=True)},
            {"title": "Customers' accounts", "icon": "person", "link": _accounts(is_staff=False)},
            {"title": "Groups", "icon": "group", "link": _list_of("group")},
        ]
        groups.append({"title": "People", "separator": True, "items": people})
    return groups


def _accounts(*, is_staff: bool) -> str:
    return f"{_list_of('user')}?is_staff__exact={int(is_staff)}"


def _list_of(model: str) -> str:
    return reverse(f"admin:auth_{model}_changelist")
