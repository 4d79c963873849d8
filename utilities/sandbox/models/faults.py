"""What a utility can get wrong, by name: set for one client, so that its software can be tried."""

from django.db.models import TextChoices


class Fault(TextChoices):
    """A way to go wrong, or to be unlike others. A client may have several at once."""

    ACCEPTED_FIRST = "accepted_first", "The first request for a download gets 202, to come again"
    TOO_MANY_REQUESTS = "too_many_requests", "Every request gets 429 with Retry-After"
    UNAVAILABLE = "unavailable", "Every request gets 503"
    GATEWAY_TIMEOUT = "gateway_timeout", "Every download gets 504"
    SLOW_TRICKLE = "slow_trickle", "Downloads come in slow drops"
    CUT_HALF_WAY = "cut_half_way", "The connection ends in the middle of a download"
    PACE_LIMITS = "pace_limits", "One request a second, one download a minute; else 429"
    ONE_TIME_REFRESH = "one_time_refresh", "A refresh token that is used again ends everything"
    NARROWER_SCOPE = "narrower_scope", "Less is granted than the customer agreed to"
    NO_SCOPE_IN_ANSWER = "no_scope_in_answer", "The token answer does not say the scope"
    SHARED_BLOCK_LINKS = "shared_block_links", "All interval blocks of a meter share one self link"
    PREFIX_STYLE = "prefix_style", "Documents are written with namespace prefixes"
