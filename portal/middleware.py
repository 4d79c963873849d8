"""One name for each site, and one policy for each kind of page."""

from collections.abc import Callable
from urllib.parse import urlsplit

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect

HEALTH = "/health/"
STAFF = "/staff/"


class CanonicalHost:
    """Send every request that came by another host name to the site's own address.

    The configured address is the only source of absolute ones, so a forged Host header never
    reaches a link, an e-mail or a redirect URI. A load balancer may ask for health by any name:
    it is answered as if it had used ours.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.host = urlsplit(settings.SITE_URL).netloc

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path == HEALTH:
            request.META["HTTP_HOST"] = self.host
        if request.META.get("HTTP_HOST", "") == self.host:
            return self.get_response(request)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponse(
                f"This site answers at {settings.SITE_URL} only.",
                status=421,  # RFC 9110 §15.5.20, Misdirected Request
                content_type="text/plain",
            )
        return HttpResponseRedirect(settings.SITE_URL + request.get_full_path())


class ReadableCookies:
    """Pass over cookies that hold a NUL.

    Between quotes a cookie can spell one, and PostgreSQL does not take it in the key of a session.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.COOKIES = {name: text for name, text in request.COOKIES.items() if "\0" not in text}
        return self.get_response(request)


class ContentSecurityPolicy(CSPMiddleware):
    """django-csp's, with a policy of its own for the staff pages, error pages among them."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        """What the header is built from; a view may still change parts of it."""
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only and request.path_info.startswith(STAFF):
            parts.config = settings.STAFF_CONTENT_SECURITY_POLICY
        return parts
