"""How a utility deviates from the standard, as data: its registry file says it, and why.

What concerns a request is read by `utilities.client` only, what concerns collecting by
`greenbutton.ingest`, and how a refresh is repeated by `authorizations.tokens`. Each comment names
the custodians that made the field necessary; the evidence for each utility stands in its own file.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Literal, Self

from utilities.described import Described, RegistryError

DAY = 86_400
# espi.xsd: money is in 10^-5 of its currency.
STANDARD_COST_EXPONENT = -5
LONGEST_HISTORY_DAYS = 30 * 365
PACES = ("requests_a_second", "requests_a_minute", "downloads_a_minute")


def _quirk(default: Any, words: str) -> Any:
    """A field with its sentence for staff; {0} stands for the value."""
    return field(default=default, metadata={"words": words})


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirks(Described):
    """One field a deviation; the default is the standard's way."""

    # -- who we are -------------------------------------------------------------------------------

    # RFC 7636. The platform of SSMPUC and SVCE does not document PKCE (2026-11), and ignores
    # parameters it does not know; the sandbox accepts it.
    takes_pkce: bool = _quirk(False, "Takes PKCE, so a stolen code is of no use.")
    # RFC 6749 §2.3.1 for the first two, RFC 8705 §2 for the third. Every custodian that we know of
    # takes Basic; the Green Button Alliance names all three.
    client_authentication: Literal["basic", "body", "tls"] = _quirk(
        "basic", "Our client id is proved by: {0} (instead of HTTP Basic)."
    )
    # PG&E makes no connection without one, and wants Basic besides; savagedata is offered one.
    sends_certificate: bool = _quirk(
        False, "Wants our client certificate when a connection is made."
    )
    # SilverBlaze stands behind Cloudflare, which answers 403 to programs that say what they are.
    user_agent: str = _quirk("", "Is shown the user agent “{0}”.")

    # -- scopes -----------------------------------------------------------------------------------

    # The only options of a scope that are sent; None sends all. Burlington and London Hydro answer
    # invalid_scope to anything beside the function blocks, LG&E and KU to what they did not
    # advertise.
    known_options: tuple[str, ...] | None = _quirk(
        None, "Takes these options in a scope and no other: {0}."
    )
    # Added where a scope does not say, as Name=value. LG&E and KU demand HistoryLength.
    demanded_options: tuple[str, ...] = _quirk(
        (), "Demands these options; they are added where a scope does not say: {0}."
    )
    # Names are compared without regard to case, and sent as they are spelt here.
    option_spellings: tuple[str, ...] = _quirk((), "Spells options of a scope its own way: {0}.")
    # RFC 6749 §6: an omitted scope means "as before". LG&E and KU answer invalid_scope to that.
    resends_scope_on_refresh: bool = _quirk(
        False, "Wants the granted scope again with each refresh."
    )
    # FB=36_40 at UtilityAPI and Enbridge, FB=34_35 in the Alliance's examples.
    client_credentials_scope: str = _quirk("", "A client token is asked for with the scope {0}.")

    # -- tokens -----------------------------------------------------------------------------------

    # savagedata's can be used once: to lose the new one is to lose the consent. The new one is
    # saved before it is used at every utility; here an answer that is lost is asked for again.
    one_time_refresh_tokens: bool = _quirk(
        False, "A refresh token works once; where its answer is lost, it is sent again at once."
    )
    # UtilityAPI's API token opens everything of the account, unlike the classes of the test suite.
    client_token_reads_subscriptions: bool = _quirk(
        False, "A client token opens the data of each authorization, too."
    )
    # The test suite reads ReadServiceStatus with a client token, SilverBlaze with a registration
    # token; the platform takes any.
    status_token: Literal["client", "registration", "access"] = _quirk(
        "client", "ReadServiceStatus is opened by our {0} token."
    )
    # Ontario's custodians leave customerResourceURI out of the token answer, though FB 51 is
    # granted; Batch/RetailCustomer stands where Batch/Subscription does.
    derives_customer_address: bool = _quirk(
        False, "Does not say where the customer's details are: beside the usage."
    )

    # -- feeds ------------------------------------------------------------------------------------

    # Burlington gave the same 22,008 readings for four days and for two years of `updated-min`.
    # "none" leaves every window out, so each pull brings all there is.
    date_filter: Literal["published", "updated", "none"] = _quirk(
        "published", "A period is asked for by: {0} (instead of the date of publication)."
    )
    # ISO 8601 with Z and whole seconds, which Burlington insists on; the gem
    # green-button-data writes numbers.
    dates_as: Literal["iso", "epoch"] = _quirk("iso", "Dates are asked for as: {0}.")
    # A maximum in the future is always brought to now (savagedata answers 400); this leaves it out.
    leaves_maximum_out: bool = _quirk(False, "Takes no end of a period, only its beginning.")
    # The platform, and whoever prepares large downloads.
    answers_accepted: bool = _quirk(
        False, "Answers 202 while a download is prepared; it is asked again later."
    )
    # 10^n of the currency. home-assistant-green-button has a setting for those that mean otherwise.
    cost_exponent: int = _quirk(
        STANDARD_COST_EXPONENT, "Money is in 10^{0} of its currency (instead of 10^-5)."
    )

    # -- how much, and how often ------------------------------------------------------------------

    # None is as granted.
    first_history_days: int | None = _quirk(None, "Gives {0} days of history at most.")
    # How far back from now each window of a first history reaches; the last one takes the rest.
    first_windows_days: tuple[int, ...] = _quirk(
        (31, 365), "The first history comes in steps that go back {0} days."
    )
    # Meters are read late and corrected after.
    later_overlap_days: int = _quirk(3, "Later pulls look back {0} days.")
    # None is without a limit of ours. The platform allows one request a second in general, and one
    # download of bills or intervals a minute. Nobody has named requests a minute so far; a download
    # is one of them, too.
    requests_a_second: int | None = _quirk(None, "Requests a second, at most: {0}.")
    requests_a_minute: int | None = _quirk(None, "Requests a minute, at most: {0}.")
    downloads_a_minute: int | None = _quirk(None, "Downloads a minute, at most: {0}.")
    connect_seconds: int = _quirk(10, "May take {0} seconds until it is connected.")
    answer_seconds: int = _quirk(30, "May take {0} seconds for a short answer.")
    # None is FEED_DEADLINE_SECONDS of the settings.
    feed_deadline_seconds: int | None = _quirk(None, "May take {0} seconds for a whole feed.")

    # -- notices ----------------------------------------------------------------------------------

    # SilverBlaze first sends a GET with hub_challenge to the notify address, to see it echoed.
    echoes_hub_challenge: bool = _quirk(
        False, "Sends a hub_challenge to our notify address first, and wants it back."
    )

    @classmethod
    def read(cls, values: object, where: str = "[quirks]") -> Self:
        """From a registry file or a row; raises RegistryError."""
        quirks = super(Quirks, cls).read(values, where)
        for name, problem in quirks._problems():
            raise RegistryError(f"{where}, {name} {problem}.")
        return quirks

    @property
    def first_history_seconds(self) -> int | None:
        """The longest history that is worth asking for; None is as granted."""
        return None if self.first_history_days is None else self.first_history_days * DAY

    @property
    def proves_itself_by_certificate(self) -> bool:
        """Whether a connection is made with our client certificate."""
        return self.sends_certificate or self.client_authentication == "tls"

    def in_words(self) -> dict[str, str]:
        """A sentence for each deviation, by the field's name."""
        return {
            one.name: one.metadata["words"].format(_said(getattr(self, one.name)))
            for one in fields(self)
            if getattr(self, one.name) != one.default
        }

    def _problems(self) -> list[tuple[str, str]]:
        """What the types allow and the world does not."""
        found = []
        for name in (*PACES, "first_history_days"):
            value = getattr(self, name)
            if value is not None and value < 1:
                found.append((name, "must be 1 or more"))
        for name in ("connect_seconds", "answer_seconds", "feed_deadline_seconds"):
            value = getattr(self, name)
            if value is not None and not 1 <= value <= 3600:
                found.append((name, "must be a number of seconds up to an hour"))
        steps = self.first_windows_days
        if list(steps) != sorted(set(steps)) or not all(
            0 < days <= LONGEST_HISTORY_DAYS for days in steps
        ):
            found.append(("first_windows_days", "must be numbers of days, each above the last"))
        if not 0 <= self.later_overlap_days <= 365:
            found.append(("later_overlap_days", "must be a number of days up to a year"))
        # Smaller units than the standard's would not stay whole numbers of it.
        if not STANDARD_COST_EXPONENT <= self.cost_exponent <= 0:
            found.append(("cost_exponent", "must be from -5 to 0"))
        if not all(option.partition("=")[2] for option in self.demanded_options):
            found.append(("demanded_options", "must read Name=value"))
        if not self.user_agent.isascii() or not (self.user_agent + "x").isprintable():
            found.append(("user_agent", "must be printable ASCII"))
        return found


def _said(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(str(one) for one in value) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)
