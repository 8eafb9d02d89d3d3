"""The operations that the interop table has a row for."""

from collections.abc import Callable
from pathlib import Path

from releases.domain.build import BuildOptions
from tests.integration.gitreceive.front_door import fail
from tests.integration.gitreceive.interop.bench import MASTER, Bench, refused, taken
from tests.integration.gitreceive.interop.clients import Push


def new_branch(bench: Bench) -> None:
    shown = bench.good()
    assert bench.head() == bench.door.head(bench.work)
    assert "-----> Deployed v1" in shown.text
    assert len(bench.builds()) == 1


def follow_up(bench: Bench) -> None:
    bench.good()
    second = bench.commit("second")
    bench.good()
    assert bench.head() == second
    assert len(bench.builds()) == 2


def up_to_date(bench: Bench) -> None:
    bench.good()
    bench.good()
    assert len(bench.builds()) == 1


def backwards(bench: Bench) -> None:
    first = bench.door.head(bench.work)
    second = bench.commit("second")
    bench.good()
    bench.git("branch", "old", first)
    refused(bench.push("refs/heads/old:refs/heads/master"))
    assert bench.head() == second


def force(bench: Bench) -> None:
    first = bench.door.head(bench.work)
    bench.commit("second")
    bench.good()
    bench.git("branch", "old", first)
    bench.good("refs/heads/old:refs/heads/master", force=True)
    assert bench.head() == first
    assert len(bench.builds()) == 2


def force_with_lease(bench: Bench) -> None:
    bench.git("remote", "add", "origin", bench.door.url(bench.app))
    bench.good()
    bench.git("fetch", "-q", "origin")
    bench.git("commit", "-q", "--amend", "-m", "amended")
    bench.good(lease=True)
    amended = bench.door.head(bench.work)
    assert bench.head() == amended
    bench.git("update-ref", "refs/remotes/origin/master", f"{bench.commit('other')}")
    refused(bench.push(lease=True))
    assert bench.head() == amended


def delete(bench: Bench) -> None:
    bench.good("refs/heads/master:refs/heads/topic")
    bench.good(":refs/heads/topic")
    assert bench.refs() == {}


def several(bench: Bench) -> None:
    for name in ("a", "b", "c"):
        bench.git("branch", name)
    bench.good(*(f"refs/heads/{name}:refs/heads/{name}" for name in ("master", "a", "b", "c")))
    assert len(bench.refs()) == 4


def atomic(bench: Bench) -> None:
    bench.git("tag", "v1")
    bench.good(MASTER, "refs/tags/v1:refs/tags/v1", atomic=True)
    assert len(bench.refs()) == 2


def atomic_refused(bench: Bench) -> None:
    bench.good("refs/heads/master:refs/heads/topic")
    bench.commit("second")
    specs = ("refs/heads/master:refs/heads/more", "refs/heads/master:refs/heads/topic/below")
    refused(bench.push(*specs, atomic=True))
    assert list(bench.refs()) == ["refs/heads/topic"]


def tags(bench: Bench) -> None:
    bench.git("tag", "light")
    bench.git("tag", "-a", "-m", "annotated", "heavy")
    bench.good("refs/tags/light:refs/tags/light", "refs/tags/heavy:refs/tags/heavy")
    assert bench.refs()["refs/tags/light"] == bench.door.head(bench.work)
    assert bench.refs()["refs/tags/heavy"] == bench.git("rev-parse", "heavy")


def mixture(bench: Bench) -> None:
    bench.good("refs/heads/master:refs/heads/gone", MASTER)
    second = bench.commit("second")
    bench.good(":refs/heads/gone", MASTER, "refs/heads/master:refs/heads/fresh")
    assert bench.refs() == {"refs/heads/master": second, "refs/heads/fresh": second}


def options(bench: Bench) -> None:
    bench.good(options=["no-deploy"])
    assert bench.builds() == []
    bench.commit("second")
    bench.good(options=["no-cache"])
    assert bench.builds() == [BuildOptions(no_cache=True)]


def unknown_option(bench: Bench) -> None:
    said = refused(bench.push(options=["no-chache"]))
    assert "did you mean -o no-cache?" in said.text
    assert bench.refs() == {}


def failed_deploy(bench: Bench) -> None:
    bench.door.builder.script = fail("no luck today")
    said = refused(bench.push())
    assert "no luck today" in said.text
    assert bench.refs() == {}


def from_shallow(bench: Bench) -> None:
    bench.commit("second")
    bench.good()
    bench.work = _shallow(bench, bench.door.url(bench.app))
    third = bench.commit("third")
    bench.good()
    assert bench.head() == third


def from_shallow_elsewhere(bench: Bench) -> None:
    bench.commit("second")
    bench.work = _shallow(bench, f"file://{bench.work}")
    bench.good()
    third = bench.commit("third")
    bench.good()
    assert bench.head() == third


def from_shallow_refused(bench: Bench) -> None:
    """dulwich and libgit2 do not tell the server that they are shallow."""
    bench.commit("second")
    bench.work = _shallow(bench, f"file://{bench.work}")
    said = refused(bench.push())
    assert "did not receive expected object" in said.text
    bench.door.wait_idle()
    assert bench.door.packs(bench.app) == []


def _shallow(bench: Bench, source: str) -> Path:
    made = bench.work.with_name(f"{bench.app}-shallow")
    clone = ["clone", "-q", "--depth", "1", source, str(made)]
    assert bench.door.git(bench.door.home, *clone).status == 0
    return made


def spellings(bench: Bench) -> None:
    bench.good()
    for number, path in enumerate((f"{bench.app}.git", f"{bench.app}/", f"{bench.app}.git/")):
        bench.commit(f"change {number}")
        taken(bench.client.push(bench.work, path, Push([MASTER])))
        assert bench.head() == bench.door.head(bench.work)


def clone(bench: Bench) -> None:
    bench.good()
    copy = bench.work.with_name(f"{bench.app}-copy")
    taken(bench.client.clone(bench.app, copy))
    assert bench.door.head(copy) == bench.head()
    assert (copy / "file").read_text() == "first"


def fetch(bench: Bench) -> None:
    bench.good()
    copy = bench.work.with_name(f"{bench.app}-copy")
    taken(bench.client.clone(bench.app, copy))
    second = bench.commit("second")
    bench.good()
    taken(bench.client.fetch(copy))
    assert bench.door.git(copy, "rev-parse", "origin/master").out.strip() == second


def pull(bench: Bench) -> None:
    bench.good()
    copy = bench.work.with_name(f"{bench.app}-copy")
    taken(bench.client.clone(bench.app, copy))
    bench.commit("second")
    bench.good()
    taken(bench.client.pull(copy))
    assert (copy / "file").read_text() == "second"


def shallow_clone(bench: Bench) -> None:
    bench.commit("second")
    bench.good()
    copy = bench.work.with_name(f"{bench.app}-copy")
    taken(bench.client.clone(bench.app, copy, depth=1))
    assert bench.door.git(copy, "rev-list", "--count", "HEAD").out.strip() == "1"


def unshallow(bench: Bench) -> None:
    shallow_clone(bench)
    copy = bench.work.with_name(f"{bench.app}-copy")
    taken(bench.client.fetch(copy, unshallow=True))
    assert bench.door.git(copy, "rev-list", "--count", "HEAD").out.strip() == "2"


def empty_clone(bench: Bench) -> None:
    bench.door.platform.store.apps.create(bench.app, "alice")
    copy = bench.work.with_name(f"{bench.app}-copy")
    taken(bench.client.clone(bench.app, copy))
    assert (copy / ".git").is_dir()


OPERATIONS: dict[str, Callable[[Bench], None]] = {
    "new branch": new_branch,
    "follow-up": follow_up,
    "up-to-date": up_to_date,
    "non-fast-forward, refused": backwards,
    "force": force,
    "force with lease": force_with_lease,
    "delete": delete,
    "several refs": several,
    "atomic, taken": atomic,
    "atomic, refused": atomic_refused,
    "light and annotated tags": tags,
    "create, update and delete": mixture,
    "push options": options,
    "unknown option, refused": unknown_option,
    "failed deploy, refused": failed_deploy,
    "push from a shallow clone": from_shallow,
    "shallow, history elsewhere": from_shallow_elsewhere,
    "shallow elsewhere, refused": from_shallow_refused,
    "ways to write the path": spellings,
    "clone": clone,
    "fetch": fetch,
    "pull": pull,
    "shallow clone": shallow_clone,
    "unshallow": unshallow,
    "clone of an empty app": empty_clone,
}
