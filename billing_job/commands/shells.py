"""How bash, zsh and fish ask for what completes a line, where click's own way does not know ours.

`--config` may stand behind the command, and its value decides which clients, numbers and months are offered. A value
may be written behind a `=`: bash takes that for a word of its own, zsh and fish put what is offered in place of all of
it. An id with a blank in it is one word.
"""

from __future__ import annotations

import re

from click.shell_completion import BashComplete, CompletionItem, FishComplete, ShellComplete, ZshComplete
from click.shell_completion import add_completion_class as register

from billing_job.commands.config_path import OPTION, config_first

_NOT_PLAIN = re.compile(r"([^\w@%+=:,./-])")


class _OurLine(ShellComplete):
    """What is offered for a line of ours."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        """What may stand in place of `incomplete` behind the words `args`."""
        words = [word for before, word in zip(["", *args], args, strict=False) if word != "=" or before[:1] != "-"]
        started = ""
        if incomplete == "=":
            incomplete = ""
        elif incomplete.startswith("--") and "=" in incomplete:
            name, _, incomplete = incomplete.partition("=")
            words.append(name)
            started = f"{name}="
        if words[-1:] == [OPTION]:
            return [CompletionItem(incomplete, type="file")]
        found = super().get_completions(config_first(words), incomplete)
        if incomplete.startswith("--") and OPTION.startswith(incomplete) and not any(i.value == OPTION for i in found):
            found.append(CompletionItem(OPTION, help="The settings, or their folder."))
        return [CompletionItem(f"{started}{item.value}", item.type, item.help) for item in found]


@register
class Bash(_OurLine, BashComplete):
    """GNU bash, 4.4 or newer."""

    def format_completion(self, item: CompletionItem) -> str:
        """One line of the answer; bash puts it into the line as it is."""
        value = _NOT_PLAIN.sub(r"\\\1", item.value) if item.type == "plain" else item.value
        return f"{item.type},{value}"


@register
class Zsh(_OurLine, ZshComplete):
    """The Z shell."""


@register
class Fish(_OurLine, FishComplete):
    """The friendly interactive shell; a description with a comma in it is told whole."""

    source_template = FishComplete.source_template.replace('string split ","', 'string split --max 1 ","')
