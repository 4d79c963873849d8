"""How quick the reader and the store are, beside what the machine could do at best.

`manage.py bench` makes a feed, runs each contender in a process of its own, in turns and several
times, and compares medians. A contender is a module of `contenders` and a line in `registry`; what
its time is compared with, and what must be reached, is in `figures`.
"""
