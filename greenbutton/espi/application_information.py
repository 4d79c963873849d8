from dataclasses import dataclass, field

from greenbutton.espi.enums import (
    DataCustodianApplicationStatus,
    GrantType,
    ThirdPartyApplicationStatus,
    ThirdPartyApplicationType,
    ThirdPartyApplicationUse,
)
from greenbutton.espi.shape import SECONDS, TEXT, Field, Shape, code, word


@dataclass(frozen=True, slots=True)
class ApplicationInformation:
    """espi.xsd ApplicationInformation: what a third party and a utility know of one another.

    Times in UTC seconds; a secret that expires at 0 never does. The two secrets stay out of its
    repr, and so out of logs. `third_party_name` is no schema's; UtilityAPI sends nothing else.
    """

    data_custodian_id: str | None = None
    data_custodian_application_status: int | None = None
    third_party_application_description: str | None = None
    third_party_application_status: int | None = None
    third_party_application_type: int | None = None
    third_party_application_use: int | None = None
    third_party_phone: str | None = None
    authorization_server_uri: str | None = None
    third_party_notify_uri: str | None = None
    authorization_server_authorization_endpoint: str | None = None
    authorization_server_registration_endpoint: str | None = None
    authorization_server_token_endpoint: str | None = None
    data_custodian_bulk_request_uri: str | None = None
    data_custodian_resource_endpoint: str | None = None
    third_party_scope_selection_screen_uri: str | None = None
    third_party_user_portal_screen_uri: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    logo_uri: str | None = None
    client_name: str | None = None
    client_uri: str | None = None
    redirect_uris: tuple[str, ...] = ()
    client_id: str | None = None
    tos_uri: str | None = None
    policy_uri: str | None = None
    software_id: str | None = None
    software_version: str | None = None
    client_id_issued_at: int | None = None
    client_secret_expires_at: int | None = None
    contacts: tuple[str, ...] = ()
    token_endpoint_auth_method: str | None = None
    scopes: tuple[str, ...] = ()
    grant_types: tuple[str, ...] = ()
    response_types: str | None = None
    registration_client_uri: str | None = None
    registration_access_token: str | None = field(default=None, repr=False)
    data_custodian_scope_selection_screen_uri: str | None = None
    third_party_name: str | None = None


SHAPE = Shape(
    ApplicationInformation,
    Field("dataCustodianId", "data_custodian_id", TEXT),
    Field(
        "dataCustodianApplicationStatus",
        "data_custodian_application_status",
        code(DataCustodianApplicationStatus),
    ),
    Field("thirdPartyApplicationDescription", "third_party_application_description", TEXT),
    Field(
        "thirdPartyApplicationStatus",
        "third_party_application_status",
        code(ThirdPartyApplicationStatus),
    ),
    Field(
        "thirdPartyApplicationType", "third_party_application_type", code(ThirdPartyApplicationType)
    ),
    Field(
        "thirdPartyApplicationUse", "third_party_application_use", code(ThirdPartyApplicationUse)
    ),
    Field("thirdPartyPhone", "third_party_phone", TEXT),
    Field("authorizationServerUri", "authorization_server_uri", TEXT),
    Field("thirdPartyNotifyUri", "third_party_notify_uri", TEXT),
    Field(
        "authorizationServerAuthorizationEndpoint",
        "authorization_server_authorization_endpoint",
        TEXT,
    ),
    Field(
        "authorizationServerRegistrationEndpoint",
        "authorization_server_registration_endpoint",
        TEXT,
    ),
    Field("authorizationServerTokenEndpoint", "authorization_server_token_endpoint", TEXT),
    Field("dataCustodianBulkRequestURI", "data_custodian_bulk_request_uri", TEXT),
    Field("dataCustodianResourceEndpoint", "data_custodian_resource_endpoint", TEXT),
    Field("thirdPartyScopeSelectionScreenURI", "third_party_scope_selection_screen_uri", TEXT),
    Field("thirdPartyUserPortalScreenURI", "third_party_user_portal_screen_uri", TEXT),
    Field("client_secret", "client_secret", TEXT),
    Field("logo_uri", "logo_uri", TEXT),
    Field("client_name", "client_name", TEXT),
    Field("client_uri", "client_uri", TEXT),
    Field("redirect_uri", "redirect_uris", TEXT, many=True),
    Field("client_id", "client_id", TEXT),
    Field("tos_uri", "tos_uri", TEXT),
    Field("policy_uri", "policy_uri", TEXT),
    Field("software_id", "software_id", TEXT),
    Field("software_version", "software_version", TEXT),
    Field("client_id_issued_at", "client_id_issued_at", SECONDS),
    Field("client_secret_expires_at", "client_secret_expires_at", SECONDS),
    Field("contacts", "contacts", TEXT, many=True),
    Field("token_endpoint_auth_method", "token_endpoint_auth_method", TEXT),
    Field("scope", "scopes", TEXT, many=True),
    Field("grant_types", "grant_types", word(GrantType), many=True),
    Field("response_types", "response_types", TEXT),
    Field("registration_client_uri", "registration_client_uri", TEXT),
    Field("registration_access_token", "registration_access_token", TEXT),
    Field(
        "dataCustodianScopeSelectionScreenURI", "data_custodian_scope_selection_screen_uri", TEXT
    ),
    Field("thirdPartyName", "third_party_name", TEXT),
)
read = SHAPE.read
write = SHAPE.write
