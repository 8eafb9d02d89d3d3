"""The router's two processes: `python -m router_sync` and `python -m router_sync haproxy`."""

import logging
import os
import socket
import sys

from releases.errors import PaasError
from releases.platform import Platform
from releases.settings import Settings
from router_sync.launch import become_haproxy
from router_sync.render import Layout
from router_sync.sync import Sync


def main(arguments: list[str]) -> int:
    """Run one of the two; return an exit status only on failure."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        settings = Settings.from_env(os.environ)
        layout = Layout(settings.router_dir, settings.bind, settings.http_port)
        if arguments == ["haproxy"]:
            become_haproxy(layout)
        elif arguments:
            print("usage: python -m router_sync [haproxy]", file=sys.stderr)
            return 2
        else:
            Sync(Platform.open(settings).store, layout, _identity(layout)).run()
    except PaasError as error:
        print(f" !     {error}", file=sys.stderr)
        return error.exit_status
    return 0


def _identity(layout: Layout) -> str:
    """The router's name; kept in a file, as a rollout waits for a name that is gone for ever."""
    path = layout.directory / "id"
    layout.directory.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text(f"{socket.gethostname()}:{layout.port}\n")
    return path.read_text().strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
