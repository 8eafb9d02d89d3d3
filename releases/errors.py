"""The base of every error that a user sees: one plain line and an exit status."""


class PaasError(Exception):
    """What failed, on what, and what to do next, in one line made for a person.

    Subclasses stand beside the code that raises them. Detail belongs in the log
    of the process, written before the error is raised.
    """

    exit_status = 1


class BadInput(PaasError):
    """A person typed something that cannot be used; nothing was changed."""

    exit_status = 2
