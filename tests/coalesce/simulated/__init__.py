"""The coalescing protocol, played out under a seeded scheduler over the real classes.

`loop` steps asyncio by hand, `world` is what the processes share (files, database,
notifications, time), `connection` is the server's side of the one on which a process listens
and locks, `process` is one server in it, `scenario` plays one interleaving and says what was
broken, `kit` builds the classes anew with a guard taken out.
"""
