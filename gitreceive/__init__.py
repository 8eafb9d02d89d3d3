"""The SSH front door: git pushes and commands come in here."""

import sys

VERSION = "0.1.0"

# paramiko loads invoke, 7 MB, for `Match exec` in a client's configuration, and does without it
# where it is not installed. A server reads no such file.
sys.modules.setdefault("invoke", None)  # type: ignore[arg-type]  # None is how Python says "absent"
