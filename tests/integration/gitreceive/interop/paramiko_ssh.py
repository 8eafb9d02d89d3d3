"""`ssh` as git calls it, made of paramiko: KEY [-p PORT] [-o OPTION]... USER@HOST COMMAND."""

import os
import sys
import threading

import paramiko


def main(arguments: list[str]) -> int:
    """Run the command; return its exit status."""
    key, *words = arguments
    port = 22
    while words[0].startswith("-"):
        if words[0] == "-p":
            port = int(words[1])
        words = words[2:]
    user, _, host = words[0].partition("@")
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())  # noqa: S507 - our own server
    client.connect(host, port, user, key_filename=key, allow_agent=False, look_for_keys=False)
    transport = client.get_transport()
    assert transport
    channel = transport.open_session()
    if "GIT_PROTOCOL" in os.environ:
        channel.set_environment_variable("GIT_PROTOCOL", os.environ["GIT_PROTOCOL"])
    channel.exec_command(words[1])
    threading.Thread(target=_pump_up, args=(channel,), daemon=True).start()
    errors = threading.Thread(target=_pump_errors, args=(channel,))
    errors.start()
    while data := channel.recv(65536):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    errors.join()
    status = channel.recv_exit_status()
    client.close()
    return status


def _pump_up(channel: paramiko.Channel) -> None:
    while data := os.read(0, 65536):
        channel.sendall(data)
    channel.shutdown_write()


def _pump_errors(channel: paramiko.Channel) -> None:
    while data := channel.recv_stderr(65536):
        sys.stderr.buffer.write(data)
        sys.stderr.buffer.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
