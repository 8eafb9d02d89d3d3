"""How the platform and its administrator are introduced: a key, an alias, an app that answers."""

from collections.abc import Mapping

from host import first_push, parts, screen
from host.admin_key import AdminKey
from host.alias import Alias, Outcome, user_config
from releases.platform import Platform
from releases.settings import Settings
from releases.store import Store


def introduce(settings: Settings, environ: Mapping[str, str]) -> None:
    """Let the administrator in, name the platform to ssh, and show that all of it works."""
    store = Platform.open(settings).store
    address = parts.local_address(settings)
    alias = Alias(settings.instance, settings.home / "client", address, settings.ssh_port)
    screen.step(f"SSH alias {alias.name}")
    let_in(alias, store, environ)
    is_installed = install(alias)
    screen.step(f"Example app {first_push.APP}")
    deploy_example(alias, store, environ, is_installed)
    say_goodbye(settings, alias, is_installed)


def let_in(alias: Alias, store: Store, environ: Mapping[str, str]) -> None:
    """Make the administrator's key, let it in, and note the server's."""
    key = AdminKey(alias.directory)
    if key.make():
        screen.detail(f"made a key: {alias.identity}")
    key.trust(alias.name, alias.address, alias.port)
    if name := key.let_in(store.ssh_keys, environ):
        screen.detail(f"let it in as {name}")


def install(alias: Alias) -> bool:
    """Make the alias known to ssh; False if the person uses its name for something else."""
    alias.write()
    config = user_config()
    outcome = alias.install(config)
    if outcome is Outcome.ADDED:
        screen.detail(f"added to {config}: {alias.include}")
    elif outcome is Outcome.THERE:
        screen.detail(f"is known through {config}")
    else:
        screen.detail(
            f"{config} has a host {alias.name} of its own, which was left alone; here use",
            f"  ssh -F {alias.file} {alias.name}",
            f'  export GIT_SSH_COMMAND="ssh -F {alias.file}"',
        )
    return outcome is not Outcome.TAKEN


def deploy_example(
    alias: Alias, store: Store, environ: Mapping[str, str], is_installed: bool
) -> None:
    """Push the example app, unless something serves under its name already."""
    live = first_push.live_commit(store, first_push.APP)
    with first_push.example_repository(first_push.EXAMPLE, environ) as directory:
        commit = first_push.commit_of(directory, environ)
        if live is None:
            config = None if is_installed else alias.file
            remote = f"{alias.name}:{first_push.APP}"
            first_push.push(directory, remote, first_push.git_environ(environ, config))
        elif live == commit:
            screen.detail(f"is live with {commit[:7]}")
        else:
            screen.detail(f"is live with {live[:7]}, a commit of yours: left as it is")


def say_goodbye(settings: Settings, alias: Alias, is_installed: bool) -> None:
    """The example's URL, what it answers, and what to try next."""
    answer = first_push.wait_for_answer(settings, alias.address)
    screen.detail(
        f"{settings.url(first_push.host(settings))} answers {answer.status or 'nothing'}:",
        *(f"  {line}" for line in answer.text.splitlines()[:5]),
    )
    ssh = f"ssh {alias.name}" if is_installed else f"ssh -F {alias.file} {alias.name}"
    screen.step("Try next, in any git repository:")
    screen.detail(
        f"git remote add {alias.name} {alias.name}:myapp && git push {alias.name} master",
        f"{ssh} config:set myapp GREETING=hello",
        f"{ssh} rollback myapp",
    )
