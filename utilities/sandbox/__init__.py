"""Another company: a utility's platform to try against. Its rooms, from the top floor down:

`urls`            every address, and which view answers it
`views`           the pages and endpoints, in folders named as the rooms below
`registering`     companies: what they say of themselves, and their review
`resources`       the resource server: tokens, addresses, queries, and how documents go out
`single_sign_on`  an OpenID provider, and the utility that relies on it
`oauth`           the authorization server
`authenticating`  who the customer is
`consenting`      what is asked for, and what the customer allows
`faults`          what goes wrong on purpose
`documents`       what the resources say
`push`            notices to companies
`rate_limits`     how often something may be tried
`refusals`        how a program is told no
`models`          the tables
`programmes`      the utilities: brand, words, ways to authenticate, accounts
`households`      the simulated lives behind the meters
"""
