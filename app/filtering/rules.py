"""Rules as a team writes them, in TOML or JSON: a file, or the text itself.

[[rules]]
name = "credentials"
patterns = ["sk-[A-Za-z0-9]{20,64}"]
action = "block"                      # or mask, or flag
directions = ["question", "answer"]   # both, unless said otherwise

[[rules]]
name = "competitors"
words = ["Acme", "Umbrella Corp"]     # whole words, without case
action = "flag"

[[rules]]
name = "personal"
personal = ["email", "phone", "card", "iban"]
action = "mask"
mask = "[removed]"                    # what takes the place of a match

[[rules]]
name = "policy"
moderation = ["hate", "violence"]     # categories of OpenAI's moderation; ["any"] is all
action = "block"
directions = ["question"]
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from app.config import ConfigError
from app.filtering.grammar import LONGEST, BadPattern, Node, literal, parse
from app.filtering.personal import KINDS

Action = Literal["block", "mask", "flag"]
Direction = Literal["question", "answer"]

_Name = Annotated[str, msgspec.Meta(pattern="^[a-z0-9_-]{1,40}$")]
_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST)]

# A label in the figures is made of each rule; and so many letters of words are one machine.
_MOST_RULES, _MOST_LETTERS = 50, 200_000


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to look for, and what then. `mask` None: the rule's name in brackets, or of what is
    personal its kind's, as [email].
    """

    name: _Name
    action: Action
    directions: tuple[Direction, ...] = ("question", "answer")
    patterns: tuple[str, ...] = ()
    words: tuple[_Word, ...] = ()
    personal: tuple[Literal["email", "phone", "card", "iban"], ...] = ()
    moderation: tuple[str, ...] = ()
    ignore_case: bool = True
    whole_words: bool | None = None  # default: of words yes, of patterns no
    mask: str | None = None


class Part(msgspec.Struct, frozen=True):
    """One pattern of a rule, and what takes the place of its matches where that masks.

    `check` has the last word on what it has matched.
    """

    rule: Rule
    node: Node
    folded: bool
    whole: bool
    mask: str
    check: Callable[[str], bool] | None = None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rules: tuple[Rule, ...]


class Rules(msgspec.Struct, frozen=True):
    """All of them, in their order. Of none there is nothing to do."""

    every: tuple[Rule, ...] = ()

    def of(self, direction: Direction) -> Sequence[Rule]:
        return [rule for rule in self.every if direction in rule.directions]

    @property
    def asks_moderation(self) -> bool:
        return any(rule.moderation for rule in self.every)

    @property
    def mark(self) -> str:
        """Another one for other rules; empty for none."""
        return sha256(msgspec.json.encode(self.every)).hexdigest()[:16] if self.every else ""


NONE = Rules()


def parts(rule: Rule) -> Iterator[Part]:
    """Raises BadPattern."""
    folded, whole = rule.ignore_case, rule.whole_words
    mask = f"[{rule.name}]" if rule.mask is None else rule.mask
    for pattern in rule.patterns:
        yield Part(rule, parse(pattern), folded, bool(whole), mask)
    for word in rule.words:
        yield Part(rule, literal(word), folded, whole is not False, mask)
    for name in rule.personal:
        kind = KINDS[name]
        shown = f"[{name}]" if rule.mask is None else rule.mask
        yield Part(rule, parse(kind.pattern), False, True, shown, kind.check)


def read(said: str | None, *, moderated: bool = True) -> Rules:
    """The rules in a file, or in the text itself; None: there are none.

    `moderated`: there is somebody to ask for OpenAI's moderation. Raises ConfigError.
    """
    if said is None:
        return NONE
    try:
        rules = Rules(msgspec.convert(_decoded(_text(said)), _File).rules)
        problems = list(_problems(rules, moderated=moderated))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"FILTER_RULES: the file cannot be read: {error}."]) from error
    except (msgspec.DecodeError, msgspec.ValidationError, tomllib.TOMLDecodeError) as error:
        raise ConfigError([f"FILTER_RULES: {error}."]) from error
    if problems:
        raise ConfigError([f"FILTER_RULES: {problem}" for problem in problems])
    return rules


def _text(said: str) -> str:
    inline = said.lstrip()[:1] in ("{", "[") or "\n" in said
    return said if inline else Path(said).read_text("utf-8-sig")


def _decoded(text: str) -> object:
    if text.lstrip()[:1] == "{":
        return msgspec.json.decode(text)
    return tomllib.loads(text)


def _problems(rules: Rules, *, moderated: bool) -> Iterator[str]:
    if len(rules.every) > _MOST_RULES:
        yield f"there are more than {_MOST_RULES} rules; put what is alike into one."
    names = [rule.name for rule in rules.every]
    yield from (f"two rules are called {name}." for name in set(names) if names.count(name) > 1)
    if sum(len(word) for rule in rules.every for word in rule.words) > _MOST_LETTERS:
        yield f"the words have more than {_MOST_LETTERS:,} letters together."
    for rule in rules.every:
        yield from (f"{rule.name}: {problem}" for problem in _of_rule(rule, moderated=moderated))


def _of_rule(rule: Rule, *, moderated: bool) -> Iterator[str]:
    if not (rule.patterns or rule.words or rule.personal or rule.moderation):
        yield "it looks for nothing; give it patterns, words, personal or moderation."
    if not rule.directions:
        yield "directions is empty; it takes question, answer or both."
    if rule.moderation and rule.action == "mask":
        yield "moderation judges whole texts, of which nothing can be masked; block or flag."
    if rule.moderation and not moderated:
        yield "moderation asks OpenAI; set OPENAI_API_KEY."
    for pattern in rule.patterns:
        try:
            parse(pattern)
        except BadPattern as error:
            yield f"the pattern {pattern!r}: {error}"
