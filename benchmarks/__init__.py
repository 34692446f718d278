"""Benchmarks: ratios of our cost to peers' and to the limit of the machine, all measured in one run.

An absolute figure says as much of the machine as of us; a ratio of the same run does not. Each benchmark is a
module with `run(size) -> Result`, named in `__main__`; `make bench [SIZE=small]` runs them.
"""
