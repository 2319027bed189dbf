"""Pure reckoning: spans of time, sums, percentiles, small numbers, charts."""
