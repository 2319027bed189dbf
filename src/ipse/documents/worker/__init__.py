"""The process in which one document is looked at, and then ends.

`__main__` waits, with everything imported, and divides itself for each job; `confinement` takes away all that a job
does not need; `jobs` says which jobs there are. A worker talks to its parent alone, over one socket it was given.
"""
