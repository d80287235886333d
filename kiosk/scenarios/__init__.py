"""What would the counter answer? One question with its history, written down as plain fields, put to ``decide``.

Rules of this module:

- It decides nothing: fields become what the core takes (a catalogue, a standing, a sale), and the core answers.
- Pure: files are read by whoever calls, who hands over promotions and organisation.
- What cannot be read is told by field, with what to do; what a scenario leaves out is documented in ``reading``.
"""
