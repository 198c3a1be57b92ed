"""Files to take along: composed from figures and words handed in, and from nothing else."""
