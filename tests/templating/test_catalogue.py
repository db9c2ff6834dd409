"""Folders of prompts: what is found, in which version, and what is wrong with them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app import Config, create_app
from app.config import ConfigError
from app.errors import BadInput, NotFound
from app.templating.catalogue import read
from tests.templating.files import TEXT, put, source

_USER = "[user]\n{{ text }}"
_FRONT = "it must begin with its front matter"
_BODY = "its body must have a line [user]"
_SCHEMA = "A prompt that answers with data"


def problems(folder: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(str(folder), {"demo", "fast"})
    return caught.value.problems


def test_what_is_shipped() -> None:
    """There are four, each with a variable that a caller writes."""
    found = read(None, {"demo"}).every()
    assert [prompt.about.name for prompt in found] == [
        "classify",
        "summarize",
        "title",
        "translate",
    ]
    assert all(any(v.type == "text" for v in p.about.variables) for p in found)


@pytest.mark.parametrize(
    ("file", "wrong"),
    [
        ("", _FRONT),
        ("[user]\nx", _FRONT),
        ("+++\nname = 'x'\n", _FRONT),
        ("+++\nname = \n+++\n" + _USER, "its front matter is no TOML"),
        (source("", TEXT), _BODY),
        (source("x\n[user]\n{{ text }}"), _BODY),
        (source("[user]\n{{ text }}\n[system]\nx"), _BODY),
        (source("[user]\n{{ text }}\n[user]\nx"), _BODY),
        (source("[system]\nx"), _BODY),
        (source("[system]\nx\n[user]\n \n"), "its user part is empty"),
        (source("[user]\nx"), "variables.text: it is used nowhere"),
        (source(_USER, name="A b"), "name: Must be up to 40"),
        (source(_USER, version="new"), "version: Must be a number"),
        (source(_USER, "extra = 1\n" + TEXT), "extra: Unknown field"),
        (source(_USER, 'output = "picture"\n' + TEXT), "output: Must be one of"),
        (source(_USER, 'output = "data"\n' + TEXT), f"output: {_SCHEMA}"),
        (source(_USER, 'model = "nobody/x"\n' + TEXT), "model: neither an alias nor"),
        (source(_USER, "temperature = 3.0\n" + TEXT), "temperature: Must be"),
        (source(_USER, "max_output_tokens = 0\n" + TEXT), "max_output_tokens: Must be"),
        (source(_USER, "variables = 5"), "variables: Not a valid mapping"),
        (source(_USER, "[variables.text]"), "variables.text.type: Missing data"),
        (source(_USER, '[variables.text]\ntype = "number"'), "variables.text.type: Must be one of"),
        (source(_USER, '[variables.Text]\ntype = "text"'), "variables.Text: Must be up to 40"),
        (source(_USER, '[variables.self]\ntype = "text"'), "variables.self: This name means"),
        (source(_USER, TEXT + "\nchoices = ['a']"), "variables.text.choices: A text has none"),
        (source(_USER, TEXT + "\nmax_length = 0"), "variables.text.max_length: Must be"),
        (source(_USER, TEXT + "\ndefault = 5"), "variables.text.default: Not a valid string"),
        (
            source(_USER, TEXT + "\nmax_length = 1\ndefault = 'ab'"),
            "variables.text.default: Longer",
        ),
        (
            source(_USER, TEXT + "\nrequired = true\ndefault = 'a'"),
            "variables.text.default: What is",
        ),
        (source(_USER, '[variables.text]\ntype = "choice"'), "variables.text.choices: A choice"),
        (
            source(_USER, '[variables.text]\ntype = "integer"\nminimum = 2\nmaximum = 1'),
            "variables.text.minimum: Must not be more",
        ),
        (source(_USER, name="title"), "what finds titles is given question and answer"),
        ("+++\n" + "#" * 65_536, "it is larger than the 65,536 bytes"),
    ],
)
def test_a_bad_file(tmp_path: Path, file: str, wrong: str) -> None:
    """Each is refused by the file's name, in a sentence that says where the mistake is."""
    put(tmp_path / "own", "bad.md", file)
    found = problems(tmp_path / "own")
    assert any(said.startswith(f"bad.md: {wrong}") for said in found), found
    assert all(re.fullmatch(r"bad\.md: .*\.", said, re.DOTALL) for said in found), found


def test_all_that_is_bad_is_listed(tmp_path: Path) -> None:
    """Every mistake of every file is in one message, which is what a start ends with."""
    own = tmp_path / "own"
    put(own, "a.md", source("[user]\n{{ one }}{{ two }}\n{{ text|upper }}"))
    put(own, "b.md", source(_USER, "temperature = 9.0\nextra = 1", name="B"))
    put(own, "c.md", source(_USER, name="same"))
    put(own, "d.md", source(_USER, name="same"))
    (own / "e.md").write_bytes(b"\xff\xfe")
    put(own, "good.md", source(_USER))
    with pytest.raises(ConfigError) as caught:
        create_app(Config(database_url="sqlite://", prompts_dir=str(own)))
    listed = [line.removeprefix("  - ") for line in str(caught.value).splitlines()[1:]]
    begin = [line.split(" ", 3)[0:2] for line in listed]
    assert begin == [
        *[["a.md:", "line"]] * 3,
        *[["b.md:", name] for name in ("name:", "temperature:", "extra:")],
        ["d.md:", "another"],
        ["e.md:", "it"],
    ], listed


def test_a_name_of_ones_own_replaces_what_is_shipped(tmp_path: Path) -> None:
    """All versions of that name are one's own then; other names are there beside them."""
    put(tmp_path, "mine.md", source(_USER, name="summarize", version="0.1"))
    put(tmp_path, "more.md", source(_USER, name="more"))
    (tmp_path / "notes.txt").write_text("no prompt")
    found = read(str(tmp_path), {"demo"})
    ids = [prompt.id for prompt in found.every()]
    assert ids == ["classify@1.0", "more@1", "summarize@0.1", "title@1.0", "translate@1.0"]


def test_versions(tmp_path: Path) -> None:
    """The newest is the highest by its numbers, older ones go by their names, others are told."""
    for version in ("1.9", "1.10", "1"):
        put(tmp_path, f"{version}.md", source(_USER, version=version))
    found = read(str(tmp_path), {"demo"})
    assert found.find("tried").about.version == "1.10"
    assert found.find("tried", "1").about.version == "1"
    with pytest.raises(BadInput, match=r"there are: 1, 1\.9, 1\.10\."):
        found.find("tried", "2")
    with pytest.raises(NotFound):
        found.find("untried")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """It is a problem like the others."""
    assert problems(tmp_path / "none") == [f"PROMPTS_DIR: {tmp_path}/none is no folder."]


def test_the_example_of_the_page(tmp_path: Path) -> None:
    """The file in docs/prompts.md is a prompt as it stands there."""
    page = (Path(__file__).parents[2] / "docs" / "prompts.md").read_text()
    found = re.search(r"```\n(\+\+\+\n.*?)```", page, re.DOTALL)
    assert found is not None
    put(tmp_path, "reply.md", found[1])
    prompt = read(str(tmp_path), {"demo", "fast"}).find("reply")
    assert [variable.name for variable in prompt.about.variables] == ["letter", "tone"]
