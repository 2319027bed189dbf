"""The tries themselves: each asks once, within its time and size, and raises where the answer is not the right one."""
