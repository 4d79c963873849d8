"""A customer's browser without a screen: cookies, redirects and forms over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx

# A page that takes longer than this is a failure of the row, not something to wait for.
TIMEOUT = httpx.Timeout(30)


@dataclass
class Form:
    """A form as the page gives it: what would be sent if the customer changed nothing."""

    id: str
    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def filled(self, values: Mapping[str, str | Sequence[str]]) -> dict[str, list[str]]:
        """The fields with the customer's values in; LookupError for a value without an input.

        A sequence is what is ticked of several boxes of one name, or that none is.
        """
        if unknown := set(values) - self.names:
            raise LookupError(f"the form #{self.id} has no input {', '.join(sorted(unknown))}")
        sent: dict[str, list[str]] = {}
        for name, value in self.fields:
            if name not in values:
                sent.setdefault(name, []).append(value)
        for name, given in values.items():
            sent[name] = [given] if isinstance(given, str) else list(given)
        return sent


@dataclass
class Page:
    """What a customer sees: the address, the forms, the alerts, and marked texts."""

    url: str
    status: int
    forms: list[Form]
    alerts: list[tuple[str, str]]
    texts: dict[str, str]
    text: str

    def form(self, id: str) -> Form:  # noqa: A002 (HTML's word)
        """The form with this id; LookupError with what the page showed instead."""
        for form in self.forms:
            if form.id == id:
                return form
        raise LookupError(f"no form #{id} on {self.describe()}")

    def has_form(self, id: str) -> bool:  # noqa: A002
        """Whether the page has the form."""
        return any(form.id == id for form in self.forms)

    def alert(self) -> tuple[str, str] | None:
        """The first alert: its `data-error` and its sentence."""
        return self.alerts[0] if self.alerts else None

    def describe(self) -> str:
        """The page in words, for the message of a row that failed; without query strings."""
        address = self.url.split("?")[0]
        alerts = "; ".join(f"{code}: {text}" for code, text in self.alerts)
        return f"{address} ({self.status}){': ' + alerts if alerts else ''}"


class _Reader(HTMLParser):
    """Collects forms, alerts and texts by id out of well-formed pages."""

    VOID = {"input", "br", "img", "meta", "link", "hr", "wbr", "source", "area", "col"}

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.alerts: list[tuple[str, list[str]]] = []
        self.by_id: dict[str, list[str]] = {}
        self.all: list[str] = []
        self._open: list[list[str] | None] = []
        self._form: Form | None = None
        self._select: tuple[str, list[tuple[str, bool]]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        has = {name for name, _ in attrs}
        if tag not in self.VOID:
            self._open.append(self._listen(given))
        if tag == "form":
            method = given.get("method", "get").lower()
            self._form = Form(given.get("id", ""), given.get("action", ""), method)
            self.forms.append(self._form)
        elif self._form is not None:
            self._field(tag, given, has)

    def _listen(self, given: dict[str, str]) -> list[str] | None:
        """Where the text of this element goes besides the page's own."""
        if given.get("role") == "alert":
            self.alerts.append((given.get("data-error", ""), []))
            return self.alerts[-1][1]
        if "id" in given:
            return self.by_id.setdefault(given["id"], [])
        return None

    def _field(self, tag: str, given: dict[str, str], has: set[str]) -> None:
        assert self._form is not None
        name = given.get("name", "")
        if tag == "option" and self._select is not None:
            self._select[1].append((given.get("value", ""), "selected" in has))
        if not name or "disabled" in has:
            return
        self._form.names.add(name)
        if tag == "select":
            self._select = (name, [])
        elif tag == "input":
            kind = given.get("type", "text")
            if kind in {"submit", "image", "button"}:
                return
            if kind in {"checkbox", "radio"} and "checked" not in has:
                return
            self._form.fields.append((name, given.get("value", "on" if kind == "checkbox" else "")))

    def handle_endtag(self, tag: str) -> None:
        if tag in self.VOID:
            return
        if self._open:
            self._open.pop()
        if tag == "form":
            self._form = None
        elif tag == "select" and self._select is not None and self._form is not None:
            name, options = self._select
            chosen = [value for value, selected in options if selected] or [
                v for v, _ in options[:1]
            ]
            self._form.fields.extend((name, value) for value in chosen)
            self._select = None

    def handle_data(self, data: str) -> None:
        self.all.append(data)
        for texts in self._open:
            if texts is not None:
                texts.append(data)


def read_page(url: str, status: int, html: str) -> Page:
    """The page as data."""
    reader = _Reader()
    reader.feed(html)
    return Page(
        url=url,
        status=status,
        forms=reader.forms,
        alerts=[(code, _words(texts)) for code, texts in reader.alerts],
        texts={name: _words(texts) for name, texts in reader.by_id.items()},
        text=_words(reader.all),
    )


def _words(texts: list[str]) -> str:
    return " ".join(" ".join(texts).split())


class Browser:
    """One customer's browser: its cookies, and the page that it is on."""

    def __init__(self) -> None:
        self._http = httpx.Client(follow_redirects=True, timeout=TIMEOUT, trust_env=False)
        self.page = Page("about:blank", 0, [], [], {}, "")
        # The addresses through which the last step was redirected, and where it ended.
        self.through: list[str] = []

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget everything."""
        self._http.close()

    def open(self, url: str) -> Page:
        """Go to the address."""
        return self._see(self._http.get(url))

    def submit(self, form: Form, values: Mapping[str, str | Sequence[str]] | None = None) -> Page:
        """Fill in the form of the page that is shown and send it."""
        target = urljoin(self.page.url, form.action)
        data = form.filled(values or {})
        if form.method == "get":
            return self._see(self._http.get(target, params=data))
        # As a browser does: Django's CSRF check looks at it on https.
        return self._see(self._http.post(target, data=data, headers={"Referer": self.page.url}))

    def _see(self, response: httpx.Response) -> Page:
        self.through = [str(one.url) for one in (*response.history, response)]
        self.page = read_page(str(response.url), response.status_code, response.text)
        return self.page
