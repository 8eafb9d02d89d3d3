"""What HAProxy's configuration says: the routes as a complete haproxy.cfg and host map."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from releases.domain.route import DEFAULT_WEIGHT
from router_sync.slots import SLOTS, SPARES, WEIGHED_SPARES, slots_for
from router_sync.table import Table, Wanted
from router_sync.worker import NAMED, NOWHERE, SPARE, WEIGHED, is_weighed


@dataclass(frozen=True)
class Layout:
    """Where HAProxy listens and where its files and sockets are."""

    directory: Path
    bind: str
    port: int

    @property
    def config(self) -> Path:
        """The configuration; complete at any moment."""
        return self.directory / "haproxy.cfg"

    @property
    def hosts_map(self) -> Path:
        """Host -> backend/app."""
        return self.directory / "hosts.map"

    @property
    def retired_map(self) -> Path:
        """Empty on disk; an entry in a worker's memory makes it hand over to the newest worker."""
        return self.directory / "retired.map"

    @property
    def routes(self) -> Path:
        """The last known routes, from which the other files can be made again."""
        return self.directory / "routes.json"

    @property
    def admin_socket(self) -> Path:
        """The runtime API of the newest worker."""
        return self.directory / "admin.sock"

    @property
    def master_socket(self) -> Path:
        """The master's CLI; it reaches every worker."""
        return self.directory / "master.sock"

    @property
    def handover_socket(self) -> Path:
        """Where an old worker passes on the last request of each of its connections."""
        return self.directory / "handover.sock"


_GLOBAL = """\
# Written by router_sync from routes.json; a change made here lasts until the next route changes.
global
    log stdout format raw daemon info
    stats socket {admin} mode 600 level admin expose-fd listeners
    fd-hard-limit 200000
    hard-stop-after 1h

defaults
    mode http
    balance leastconn
    option idle-close-on-response
    option redispatch 1
    retries 3
    retry-on conn-failure empty-response
    timeout connect 3s
    timeout http-request 10s
    timeout http-keep-alive 30s
    timeout client 60s
    timeout server 60s
    timeout queue 30s
    timeout tunnel 1h
    timeout client-fin 30s
    default-server check inter 5s fastinter 500ms downinter 500ms fall 2 rise 1 \
observe layer4 error-limit 3 on-error mark-down weight {weight}
    unique-id-format %[uuid()]
"""

_FRONTEND = """
frontend http
    bind {bind}:{port}
    bind unix@{handover} mode 600 accept-proxy
    log global
    log-format '{log_format}'
    http-request disable-l7-retry unless {{ method GET HEAD OPTIONS }}
    http-request set-var(txn.host) req.hdr(host),field(1,:),lower,rtrim(.)
    http-request set-var(txn.route) var(txn.host),map({hosts})
    http-request set-var(txn.parent) var(txn.host),field(2,.,0)
    http-request set-var(txn.route) str(*.),concat(,txn.parent),map({hosts}) \
unless {{ var(txn.route) -m found }}
    http-request set-header X-Forwarded-For %[src]
    http-request set-header X-Forwarded-Port %[dst_port]
    http-request set-header X-Forwarded-Proto http
    http-request del-header X-Forwarded-Host
    http-request del-header Forwarded
    http-request set-header X-Request-ID %[unique-id]
    http-request set-header X-Request-Start t=%[date(0,ms)]
    use_backend handover if {{ str(retired),map({retired}) -m found }}
    use_backend %[var(txn.route),field(1,/)] if {{ var(txn.route) -m found }}
    default_backend unknown

# A worker that was replaced keeps its idle connections until their next request. That request
# goes to the newest worker, which alone follows the routes.
backend handover
    server newest unix@{handover} send-proxy-v2 no-check

backend unknown
    http-request return status 404 content-type 'text/html; charset=utf-8' lf-string '{unknown}'
"""

_LOG_FORMAT = (
    '{"time":%Ts.%ms,"client":"%ci","host":"%[var(txn.host),json(utf8s)]",'
    '"app":"%[var(txn.route),field(2,/)]","server":"%s","method":"%HM",'
    '"path":"%[capture.req.uri,json(utf8s)]","status":%ST,"bytes":%B,"ms":%Ta,'
    '"connect_ms":%Tc,"response_ms":%Tr,"retries":"%rc","ended":"%ts","id":"%ID"}'
)

_ERRORS = {
    502: ("Bad answer", "The app broke off or sent something that is not HTTP."),
    503: ("Not available", "The app is not running, or does not accept connections."),
    504: ("No answer in time", "The app took too long to answer."),
}


def render_config(layout: Layout, table: Table) -> str:
    """The whole haproxy.cfg."""
    parts = [
        _GLOBAL.format(admin=layout.admin_socket, weight=DEFAULT_WEIGHT),
        *_error_pages(),
        _FRONTEND.format(
            bind=layout.bind,
            port=layout.port,
            handover=layout.handover_socket,
            hosts=layout.hosts_map,
            retired=layout.retired_map,
            log_format=_LOG_FORMAT,
            unknown=_page(404, "Not found", "No app has this host name."),
        ),
        *(_backend(_home(table, app), table.wanted(app)) for app in table.apps),
        *(_backend(f"{SPARE}{number}", Wanted()) for number in range(1, SPARES + 1)),
        *(
            _backend(f"{SPARE}{number}{WEIGHED}", Wanted())
            for number in range(1, WEIGHED_SPARES + 1)
        ),
    ]
    return "".join(parts)


def render_map(table: Table) -> str:
    """The whole hosts.map."""
    lines = [
        f"{host} {_home(table, route.app)}/{route.app}\n"
        for host, route in sorted(table.routes.items())
    ]
    return "".join(lines)


def _home(table: Table, app: str) -> str:
    """The app's own backend, of the kind that it needs now."""
    return f"{NAMED}{app}" + (WEIGHED if table.wanted(app).weights else "")


def _backend(name: str, wanted: Wanted) -> str:
    used = sorted(wanted.addresses)
    servers = [_server(address, wanted.weight(address)) for address in used]
    free = max(SLOTS, slots_for(len(used))) - len(used)
    lines = [f"\nbackend {name}", *(["    balance roundrobin"] if is_weighed(name) else [])]
    for number, server in enumerate([*servers, *[f"{NOWHERE} disabled"] * free], 1):
        lines.append(f"    server s{number} {server}")
    return "\n".join(lines) + "\n"


def _server(address: str, weight: int) -> str:
    return address if weight == DEFAULT_WEIGHT else f"{address} weight {weight}"


def _error_pages() -> Iterator[str]:
    for status, (title, text) in _ERRORS.items():
        retry = " hdr Retry-After 5" if status == 503 else ""
        yield (
            f"    http-error status {status} content-type 'text/html; charset=utf-8' "
            f"lf-string '{_page(status, title, text)}'{retry}\n"
        )


def _page(status: int, title: str, text: str) -> str:
    return (
        f"<!doctype html><meta charset=utf-8><title>{status} {title}</title>"
        f"<h1>{title}</h1><p>{text}<p><small>Request %[unique-id]</small>\n"
    ).replace("\n", "")
