"""One module a contender, each run by `greenbutton.bench.child` in a fresh process.

Its `run(job, timed)` prepares what it needs, works inside `with timed:`, and checks what came of
it. It gives back whatever else it measured, by name.
"""
