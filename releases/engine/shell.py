"""How a Procfile's line is run so that what it starts hears SIGTERM and may finish its work."""

# docker-init (tini 0.19) then sends a signal to the line's whole process group, not to the shell
# alone: dash and busybox keep a shell between docker-init and the process.
SIGNAL_ALL = "TINI_KILL_PROCESS_GROUP=1"
# A shell with a trap waits for its foreground child, which gets the default back, and then for
# those in the background; it ends as the child did. On one line, so that a line that the shell
# cannot read is still called line 1. What a line traps or execs itself goes over this. The other
# two signals are what some images are stopped with (STOPSIGNAL).
_LET_FINISH = "unset TINI_KILL_PROCESS_GROUP; trap 's=$?; wait; exit $s' TERM INT QUIT; "


def shell_command(line: str) -> list[str]:
    """What a container runs for a line, where its environment has SIGNAL_ALL."""
    return ["/bin/sh", "-c", _LET_FINISH + line]
