"""Another company: a utility's platform to try against. Where to look:

`urls`            every address, and which view answers it
`programmes`      the utilities: brand, words, ways to authenticate, accounts
`households`      the simulated lives behind their meters
`authenticating`  who the customer is
`consenting`      what is asked for, and what the customer allows
`oauth`           the authorization server
`resources`       the resource server: tokens, addresses, queries, refusals
`documents`       what is in its answers
`registering`     companies, and their review
`push`            notices to companies
`faults`          what goes wrong on purpose
`single_sign_on`  an OpenID provider, and the utility that relies on it
`rate_limits`     how often something may be tried
`models`          the tables
`views`           the pages and endpoints of all these, in folders of the same names
"""
