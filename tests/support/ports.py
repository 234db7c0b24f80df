"""Ports for servers that a test starts, kills and starts again."""

import random

from realmkit.cli import mounts
from realmkit.config import SetupError

# Below the range from which Linux takes the ports of connections that go out. Of a port
# within it, another connection may come into possession while its server is dead; and
# whoever asks the dead server again and again is at last connected to himself.
_OUR_PORTS = range(20_000, 32_000)


def free_port() -> int:
    """A port that nothing uses now, and that no connection will be given by chance."""
    while True:
        try:
            with mounts.listen("127.0.0.1", random.choice(_OUR_PORTS)) as listener:
                return listener.getsockname()[1]
        except SetupError:
            continue
