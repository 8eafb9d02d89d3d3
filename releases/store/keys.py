"""The name of every key in Redis. `frontend:` and `dead:` are Hipache's; the rest is ours."""

APPS = "paas:apps"  # set of names
DOMAINS = "paas:domains"  # hash: host -> app that claimed it
SSH_KEYS = "paas:keys"  # hash: fingerprint -> JSON
BASES = "paas:bases"  # hash: line of base images -> id of the current one
EVENTS = "paas:events"  # stream: what key holders did
STRANGERS = "paas:events:strangers"  # stream: who was not let in
ADDRESSES = "paas:addresses"  # counter: containers' addresses go round the subnet
FENCE = "paas:fence"  # counter: every lock gets a token of its own
RETIRING = "paas:retiring"  # set of apps that may have containers to retire
OPEN_BUILDS = "paas:builds:open"  # hash: app:number -> status, until the log has its verdict
BUILD_PLACES = "paas:builds:places"  # hash: app:number -> the place it was told last
LOG_READERS = "paas:logreaders"  # stream of one entry: a process follows another log

ROUTER_EPOCH = "router:epoch"
ROUTER_VERSION = "router:version"
ROUTER_CHANGED = "router:changed"  # sorted set: host -> version of its last change
ROUTER_MEMBERS = "router:members"  # set of router ids; durable
ROUTER_WATCHED = "router:watched"  # sorted set: app -> Unix seconds until which it is watched
ROUTER_ACKS = "router:acks"  # hash: router id -> version HAProxy has confirmed

WAKE_ROUTERS = "router:wake"  # channels, all of them wake-ups only
ROUTER_ACKED = "router:acked"
WAKE_CONVERGER = "paas:wake"


def app(name: str) -> str:
    """Hash: the app's record."""
    return f"paas:app:{name}"


def config(name: str) -> str:
    """The app's config, sealed."""
    return f"paas:app:{name}:config"


def build_config(name: str) -> str:
    """Hash: the config that the app's builds get, sealed, and its version."""
    return f"paas:app:{name}:buildconfig"


def staged(name: str) -> str:
    """Hash: config changes that wait for the app's next release, sealed, and their version."""
    return f"paas:app:{name}:staged"


def hosts(name: str) -> str:
    """Set: hosts of the app that are in the routes now."""
    return f"paas:app:{name}:hosts"


def domains(name: str) -> str:
    """Set: domains the app claimed."""
    return f"paas:app:{name}:domains"


def crashes(name: str) -> str:
    """Hash: process (`web.1`) -> JSON: how often it ended, why, when it is tried again."""
    return f"paas:app:{name}:crashes"


def lock(name: str) -> str:
    """JSON: who may change what runs."""
    return f"paas:app:{name}:lock"


def parked(name: str) -> str:
    """List: what was asked of the app while it was locked, as JSON."""
    return f"paas:app:{name}:parked"


def unlocked(name: str) -> str:
    """Channel: the app's lock was let go."""
    return f"paas:app:{name}:unlocked"


def canary_word(name: str) -> str:
    """Channel: somebody said how the app's canary is to end."""
    return f"paas:app:{name}:canary"


def release(name: str, number: int | str) -> str:
    """Hash: a release. Without a number, what the keys of all releases begin with."""
    return f"paas:app:{name}:release:{number}"


def build(name: str, number: int | str) -> str:
    """Hash: a build. Without a number, what the keys of all builds begin with."""
    return f"paas:app:{name}:build:{number}"


def open_build(name: str, number: int | str) -> str:
    """A build's field in OPEN_BUILDS and BUILD_PLACES."""
    return f"{name}:{number}"


def builds(name: str) -> str:
    """Sorted set: build numbers that still have a record."""
    return f"paas:app:{name}:builds"


def change(change_id: str) -> str:
    """A config change on its way to a release job, sealed."""
    return f"paas:change:{change_id}"


def log(log_id: str) -> str:
    """Stream: a deploy log."""
    return f"paas:log:{log_id}"


def frontend(host: str) -> str:
    """List: the app, then its backends (Hipache's layout)."""
    return f"frontend:{host}"


def dead(host: str) -> str:
    """Set: indexes Hipache holds for dead; stale after every write of `frontend:`."""
    return f"dead:{host}"


def weights(host: str) -> str:
    """JSON: backend -> weight; absent where the host's backends get equal shares."""
    return f"router:weights:{host}"


def inflight(router: str) -> str:
    """Hash: address being drained -> requests still in flight at that router."""
    return f"router:inflight:{router}"


def traffic(router: str) -> str:
    """Hash: address -> JSON, what that router has counted of it."""
    return f"router:traffic:{router}"


def marks(router: str) -> str:
    """Hash: slot of that router -> JSON, where its counters stood when it was idle."""
    return f"router:marks:{router}"


def alive(router: str) -> str:
    """Expires when the router stops talking; for display only."""
    return f"router:alive:{router}"
