"""Speed as ratios: each against a named reference beside it. `make bench`, or `python -m benchmarks --quick`."""
