"""The counter: films, decides, keeps the stub. Starts and redeems with ``sync`` absent."""

__version__ = "0.1.0"
