"""A slot's counters become the traffic of one address, whoever had the slot before."""

from dataclasses import dataclass

import pytest

from releases.domain.traffic import Traffic
from router_sync.counters import Counters, read_counters, read_unserved, since


@dataclass
class Server:
    """Keeps time as HAProxy 2.6 does: swrate_add_dynamic and swrate_avg of freq_ctr.h."""

    answers: int = 0
    sum_ms: int = 0

    def answer(self, ms: float) -> None:
        self.answers += 1
        window = 512 if self.answers > 512 else 0
        self.sum_ms += int(ms) - ((self.sum_ms + window - 1) // window if window else 0)

    def counters(self) -> Counters:
        window = min(512, self.answers) or 512
        return Counters(self.answers, 0, self.answers, (self.sum_ms + window - 1) // window)


def after(count: int, ms: int) -> Server:
    """A server that has answered so often."""
    server = Server()
    for _ in range(count):
        server.answer(ms)
    return server


@pytest.mark.parametrize("earlier", [0, 3, 500, 600, 5000])
@pytest.mark.parametrize(("before_ms", "now_ms"), [(50, 900), (900, 50), (80, 80)])
@pytest.mark.parametrize(("count", "error_ms"), [(20, 30), (200, 5), (600, 3), (3000, 2)])
def test_the_latency_of_one_address_is_not_that_of_the_one_before(
    earlier: int, before_ms: int, now_ms: int, count: int, error_ms: int
) -> None:
    server = after(earlier, before_ms)
    then = server.counters()
    for _ in range(count):
        server.answer(now_ms)

    traffic = since(server.counters(), then)

    assert traffic.requests == count
    assert traffic.latency_ms == pytest.approx(now_ms, abs=error_ms)


def test_latency_that_varies_is_met_in_the_mean() -> None:
    server = after(4000, 400)
    then = server.counters()
    for number in range(200):
        server.answer((20, 60, 100, 220)[number % 4])

    assert since(server.counters(), then).latency_ms == pytest.approx(100, abs=20)


def test_no_answer_has_no_latency() -> None:
    then = after(600, 70).counters()

    assert since(then, then) == Traffic()
    assert since(Counters(3, 3, 0, 0), Counters()) == Traffic(3, 3, 0.0)


def test_a_server_that_began_anew_counts_from_nothing() -> None:
    assert since(Counters(5, 1, 5, 10), Counters(900, 40, 900, 70)) == Traffic(5, 1, 9.5)


def row(**columns: int) -> dict[str, str]:
    """A line of `show stat`."""
    names = ("req_tot", "hrsp_1xx", "hrsp_5xx", "econ", "eresp", "srv_abrt", "rtime")
    numbers = {**dict.fromkeys(names, 0), **columns}
    return {"svname": "s1", **{name: str(number) for name, number in numbers.items()}}


def read(server: dict[str, str], **backend: int) -> Counters:
    """Of the only server of a backend."""
    return read_counters([server], row(**backend))["s1"]


def test_requests_are_those_answered_and_those_that_never_were() -> None:
    assert read(row(req_tot=10, econ=2, eresp=1), hrsp_5xx=3) == Counters(13, 3, 10, 0)


def test_errors_are_500s_failed_connections_and_broken_answers() -> None:
    broken = row(req_tot=10, hrsp_5xx=3, srv_abrt=1, eresp=1)
    assert read(broken, hrsp_5xx=3) == Counters(10, 4, 10, 0)


def test_a_reset_that_was_retried_in_vain_is_one_error() -> None:
    assert read(row(req_tot=10, eresp=5), hrsp_5xx=1) == Counters(11, 1, 10, 0)


def test_a_reset_that_a_retry_made_good_is_none() -> None:
    assert read(row(req_tot=10, eresp=1)) == Counters(10, 0, 10, 0)


def test_interim_answers_are_no_requests() -> None:
    assert read(row(req_tot=10, hrsp_1xx=4)).requests == 6


def test_there_are_never_more_errors_than_requests() -> None:
    assert read(row(req_tot=1, hrsp_5xx=1, srv_abrt=1), hrsp_5xx=1) == Counters(1, 1, 1, 0)


def test_what_no_server_had_is_unserved() -> None:
    assert read_unserved([row(econ=2), row(econ=3)], row(econ=9)) == Counters(4, 4)
    assert read_unserved([row(econ=2)], row(econ=1)) == Counters()
