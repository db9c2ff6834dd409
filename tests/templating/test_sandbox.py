"""What a template may not do is refused when its file is read, before it has done anything."""

from __future__ import annotations

import time

import pytest

from app.templating.prompt import BadPrompt, Prompt
from tests.templating.files import source

_MORE = """
[variables.text]
type = "text"
[variables.items]
type = "texts"
[variables.number]
type = "integer"
"""
_ALL = "{{ text }}{{ items }}{{ number }}"


def problems(body: str) -> list[str]:
    with pytest.raises(BadPrompt) as caught:
        Prompt(source(body, _MORE))
    return caught.value.problems


@pytest.mark.parametrize(
    "escape",
    [
        "{{ ''.__class__ }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ text.__init__.__globals__ }}",
        "{{ text['__class__'] }}",
        "{{ text._text }}",
        "{{ text|attr('__class__') }}",
        "{{ text|upper }}",
        "{{ text[:5] }}",
        "{{ text ~ 'x' }}",
        "{{ '%s' % text }}",
        "{{ '{0.__class__}'.format(text) }}",
        "{{ items[0] }}",
        "{{ items|join }}",
        "{{ self.__init__ }}",
        "{{ self }}",
        "{{ loop }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ lipsum() }}",
        "{{ namespace() }}",
        "{{ dict(a=1) }}",
        "{{ config }}",
        "{{ request }}",
        "{{ caller() }}",
        "{{ [1, 2] }}",
        "{{ 10 ** 10 ** 10 }}",
        "{{ 'x' * 1000000000 }}",
        "{{ number + 1 }}",
        "{{ -number }}",
        "{{ number is defined }}",
        "{% if number > 3 %}x{% endif %}",
        "{% if 'x' in text %}x{% endif %}",
        "{% if text == 'x' %}x{% endif %}",
        "{% if text == items %}x{% endif %}",
        "{% for i in range(10 ** 9) %}x{% endfor %}",
        "{% for i in [1, 2] %}x{% endfor %}",
        "{% for sign in text %}x{% endfor %}",
        "{% for a, b in items %}x{% endfor %}",
        "{% for loop in items %}x{% endfor %}",
        "{% for a in items recursive %}{{ loop(items) }}{% endfor %}",
        "{% for a in items if a %}x{% endfor %}",
        "{% for a in items %}{{ loop.nextitem }}{% endfor %}",
        "{% for a in items %}{{ a == 'x' }}{% endfor %}",
        "{% for a in items %}{% for b in items %}{% for c in items %}x"
        "{% endfor %}{% endfor %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% set text = 'x' %}",
        "{% include '/etc/passwd' %}",
        "{% extends 'x' %}",
        "{% import 'x' as y %}",
        "{% from 'x' import y %}",
        "{% block a %}x{% endblock %}",
        "{% filter upper %}{{ text }}{% endfilter %}",
        "{% call text() %}x{% endcall %}",
        "{% with a = 1 %}x{% endwith %}",
        "{% autoescape true %}{{ text }}{% endautoescape %}",
        "{% do text %}",
        "{% debug %}",
        "{{ text",
        "{% if text %}",
        "{{ unknown }}",
    ],
)
def test_what_a_file_may_not_say(escape: str) -> None:
    """Each is refused with the line on which it stands, and nothing is carried out meanwhile."""
    began = time.monotonic()
    found = problems(f"[user]\n{_ALL}\n{escape}")
    assert all(said.startswith("line 16: ") for said in found), found
    assert time.monotonic() - began < 5


def test_what_is_nested_too_deeply() -> None:
    """A file cannot overflow the stack."""
    depth = 3_000
    found = problems("[user]\n" + _ALL + "{% if number %}" * depth + "{% endif %}" * depth)
    assert found == ["it is nested too deeply."]


def test_words_of_callers_are_not_for_the_system_part() -> None:
    """Texts cannot be shown there; numbers and choices can."""
    found = problems(f"[system]\nMind {{{{ text }}}} and {{{{ number }}}}.\n[user]\n{_ALL}")
    assert found == [
        "line 15: text is what a caller writes; it may be shown in the user part alone."
    ]


def test_what_a_file_may_say() -> None:
    """Showing, asking, choosing and walking through a list are enough for a prompt."""
    body = (
        "[user]\n{{ text if text else 'nothing' }}{{ 'x' if number == 3 and not items else '' }}"
        "{% for a in items %}{{ loop.index }}: {{ a }}{% if not loop.last %}, {% endif %}"
        "{% else %}none{% endfor %}{# a remark #}{% raw %}{{ as it is }}{% endraw %}"
    )
    prompt = Prompt(source(body, _MORE))
    values = prompt.load({"text": "x", "items": ["a", "b"], "number": 3})
    said = prompt.write(values, lambda _: "MARK").user
    assert "1: <<<items 1 MARK>>>\na\n<<<end items 1 MARK>>>, 2: " in said
    assert said.endswith("{{ as it is }}")
