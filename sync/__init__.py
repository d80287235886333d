"""Everything between a counter and anyone else."""
