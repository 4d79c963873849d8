"""Single sign-on: an OpenID provider, and the utility that relies on it.

The browser goes from one to the other over HTTP as in life. What the utility's server asks of the
provider's (a code for an ID token, the keys) is a call: both are this process, and threads that ask
their own process over HTTP wait for one another when all of them do. The same functions answer at
the provider's addresses, so that other software can rely on it too.
"""
