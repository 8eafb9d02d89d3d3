"""What HAProxy counts for a server, and how its average becomes that of one address.

From HAProxy 2.6: management.txt 9.1, and stream.c, stats.c and freq_ctr.h for the times.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from releases.domain.traffic import Traffic

_WINDOW = 512  # TIME_STATS_SAMPLES in defaults.h; the manual's "1024 last requests" are these


Row = Mapping[str, str]


@dataclass(frozen=True)
class Counters:
    """A server's counters at some moment. They begin with their worker and outlive addresses."""

    requests: int = 0
    errors: int = 0
    answers: int = 0
    average_ms: int = 0  # from the connection to the headers of the answer, rounded up


def read_counters(servers: Iterable[Row], backend: Row) -> dict[str, Counters]:
    """Of each server, from the lines of a backend in `show stat`.

    A server's req_tot counts its answers, of which hrsp_5xx failed and srv_abrt broke off. What got
    no answer stands in econ (no connection after all retries) and eresp, which counts broken
    answers too, and a connection that was reset at every retry and once more at the end (tried
    with 2.6.12). How many requests HAProxy itself answered with 5xx is exact only for the backend:
    no server has more than that. So resets by several servers of an app at once count too often;
    a reset that a retry made good counts for nothing, as long as nothing else failed. Interim
    answers (1xx) are no requests.
    """
    rows = list(servers)
    of_haproxy = max(0, int(backend["hrsp_5xx"]) - sum(int(row["hrsp_5xx"]) for row in rows))
    return {row["svname"]: _read_server(row, of_haproxy) for row in rows}


def _read_server(row: Row, of_haproxy: int) -> Counters:
    broken = int(row["srv_abrt"])
    unanswered = min(of_haproxy, int(row["econ"]) + max(0, int(row["eresp"]) - broken))
    answers = int(row["req_tot"])
    requests = answers - int(row["hrsp_1xx"]) + unanswered
    errors = min(requests, int(row["hrsp_5xx"]) + unanswered + broken)
    return Counters(requests, errors, answers, int(row["rtime"]))


def read_unserved(servers: Iterable[Row], backend: Row) -> Counters:
    """Requests that got 503 as no server was up: they are the backend's, and no server's."""
    unserved = max(0, int(backend["econ"]) - sum(int(server["econ"]) for server in servers))
    return Counters(unserved, unserved)


def since(now: Counters, then: Counters) -> Traffic:
    """The traffic between two looks at one server; all of it if it was restarted in between."""
    if now.answers < then.answers:
        then = Counters()
    requests = max(0, now.requests - then.requests)  # HAProxy may note an end after an answer
    errors = min(requests, max(0, now.errors - then.errors))
    return Traffic(requests, errors, _latency_ms(now, then))


def _latency_ms(now: Counters, then: Counters) -> float:
    """The mean time to an answer between two looks.

    HAProxy keeps a sum. Up to 512 answers it is their plain sum; after that each answer first
    takes 1/512 of the sum away. So k answers with the mean m leave (s + k1 m) d + 512 m (1 - d)
    of a sum s: k1 of them came before the 512th, the others, k2, give d = (511/512)^k2. That is
    solved for m here. The later of many answers count for more. HAProxy rounds what it shows, so
    the sum is known to half of min(512, answers) ms: of 20 answers in a slot that had thousands
    before, the mean is right to some 26 ms, of 200 to 3 ms, in a slot that is new to 1 ms.
    """
    answers = now.answers - then.answers
    if not answers:
        return 0.0
    plain = max(0, min(now.answers, _WINDOW) - then.answers)
    kept: float = (1 - 1 / _WINDOW) ** (answers - plain)
    mean = (_sum_ms(now) - _sum_ms(then) * kept) / (plain * kept + _WINDOW * (1 - kept))
    return max(0.0, mean)


def _sum_ms(counters: Counters) -> float:
    """HAProxy shows it divided by the answers, at most 512, and rounded up."""
    if not counters.average_ms:
        return 0.0
    return (counters.average_ms - 0.5) * min(_WINDOW, counters.answers)
