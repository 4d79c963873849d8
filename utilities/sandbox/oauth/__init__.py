"""The authorization server (RFC 6749): what companies ask it, and how they prove who they are."""
