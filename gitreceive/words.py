"""Where our words end and those of somebody else's program begin: `run --help myapp ls -la`."""

from collections.abc import Sequence

import click


def own_words_first(command: click.Command, words: Sequence[str]) -> list[str]:
    """The words in an order in which click takes no word of the program's for ours.

    Options of ours may stand before the app's name and after it; from the next word on all
    belongs to the program. A usage error is raised here as click raises it.
    """
    if not any(parameter.type is click.UNPROCESSED for parameter in command.params):
        return list(words)
    before, rest = _options(command, words)
    if not rest:
        return before
    between, program = _options(command, rest[1:])
    return [*before, *between, "--", rest[0], *program]


def _options(command: click.Command, words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The options at the beginning, and all from the first word on that is none."""
    options_only: list[click.Parameter] = [
        one for one in command.params if isinstance(one, click.Option)
    ]
    asked = click.Command(command.name, params=options_only, add_help_option=False)
    context = click.Context(asked, info_name=command.name, allow_interspersed_args=False)
    _, rest, _ = asked.make_parser(context).parse_args(list(words))
    count = len(words) - len(rest)
    options = [word for word in words[:count] if word != "--"]
    return options, list(words[count:])
