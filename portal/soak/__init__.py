"""The soak: many customers at once, through everything that can happen to an authorization.

`manage.py soak` starts both sites with two workers on databases of its own, has a few hundred
customers consent over HTTP, lets utilities, workers, Redis and PostgreSQL fail, and holds every row
against what its scenario says: how it ends, what is stored, and what its timeline tells.
"""
