"""The pure core: no I/O, no clock, no randomness, no logging; time, keys and chance are arguments."""
