from dataclasses import dataclass

from greenbutton.espi.enums import AuthorizationStatus, GrantType, OAuthError
from greenbutton.espi.period import PERIOD, Period
from greenbutton.espi.shape import SECONDS, TEXT, Field, Shape, code, word


@dataclass(frozen=True, slots=True)
class Authorization:
    """espi.xsd Authorization: the utility's own record of a consent.

    `status` is 0 revoked, 1 active, 2 denied. `expires_at` is when the access token ends, in UTC
    seconds. An `authorized_period` of 0 seconds has no end. Tokens, which older servers put
    here, are not read.
    """

    authorized_period: Period | None = None
    published_period: Period | None = None
    status: int | None = None
    expires_at: int | None = None
    grant_type: str | None = None
    scope: str | None = None
    token_type: str | None = None
    error: str | None = None
    error_description: str | None = None
    error_uri: str | None = None
    resource_uri: str | None = None
    authorization_uri: str | None = None
    customer_resource_uri: str | None = None


SHAPE = Shape(
    Authorization,
    Field("authorizedPeriod", "authorized_period", PERIOD),
    Field("publishedPeriod", "published_period", PERIOD),
    Field("status", "status", code(AuthorizationStatus)),
    Field("expires_at", "expires_at", SECONDS),
    Field("grant_type", "grant_type", word(GrantType)),
    Field("scope", "scope", TEXT),
    Field("token_type", "token_type", TEXT),
    Field("error", "error", word(OAuthError)),
    Field("error_description", "error_description", TEXT),
    Field("error_uri", "error_uri", TEXT),
    Field("resourceURI", "resource_uri", TEXT),
    Field("authorizationURI", "authorization_uri", TEXT),
    Field("customerResourceURI", "customer_resource_uri", TEXT),
)
read = SHAPE.read
write = SHAPE.write
