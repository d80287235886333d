"""Prepares the environment that everything else runs in. Imports the standard library and nothing else."""
