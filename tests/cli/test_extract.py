"""`flask extract`: files in, a table out, in as many goes as it takes."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import gevent
import pytest
from click.testing import Result
from flask import Flask

from app.services import Services
from tests.cli.commands import SECRET, run
from tests.server.process import ROOT, environment
from tests.upstream import Upstream

# What the model server writes when it is to call a tool.
_SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
_GOOD = "own/tool-1"


@pytest.fixture
def settings(settings: dict[str, Any]) -> dict[str, Any]:
    return {**settings, "max_retry_wait": 0.0}


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> list[str]:
    """Names of five texts in the working directory, beside a schema."""
    (tmp_path / "schema.json").write_text(json.dumps(_SCHEMA))
    names = [f"{number}.txt" for number in range(5)]
    for name in names:
        (tmp_path / name).write_text(f"The text of {name}.")
    return names


def extract(
    app: Flask, *files: str, out: str = "out.jsonl", model: str = _GOOD, **more: Any
) -> Result:
    options = {"schema": "schema.json", "out": out, "model": model, **more}
    words = [w for name, v in options.items() for w in (f"--{name.replace('_', '-')}", str(v))]
    return run(app, "extract", *files, *words)


def lines(path: str = "out.jsonl") -> dict[str, dict[str, Any]]:
    found = [json.loads(line) for line in Path(path).read_text().splitlines()]
    assert len({line["id"] for line in found}) == len(found)
    return {line["id"]: line for line in found}


def asked(upstream: Upstream) -> Counter[str]:
    """How often about each file."""
    said = [json.dumps(request["messages"]) for request in upstream.requests]
    return Counter(f"{n}.txt" for n in range(9) for text in said if f"text of {n}.txt" in text)


def test_each_file_has_a_line(app: Flask, files: list[str], upstream: Upstream) -> None:
    """With the result of its extraction; what came of it all is on stderr alone."""
    result = extract(app, *files)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "5 extracted, 0 failed, 0 skipped" in result.stderr
    assert set(lines()) == set(files)
    assert {line["result"]["data"]["days"] for line in lines().values()} == {0}
    assert asked(upstream) == dict.fromkeys(files, 1)


def test_as_csv(app: Flask, files: list[str]) -> None:
    """A row for each, with the schema's fields as columns."""
    assert extract(app, *files, out="out.csv").exit_code == 0
    with Path("out.csv").open(newline="") as table:
        rows = {row["id"]: row for row in csv.DictReader(table)}
    assert set(rows) == set(files)
    assert {(row["city"], row["days"], row["status"]) for row in rows.values()} == {
        ('Kraków "0" 🙂', "0", "ok")
    }
    assert [rows[name]["unsupported"] for name in ("0.txt", "1.txt")] == ["city", "city days"]


@pytest.mark.parametrize("out", ["out.jsonl", "out.csv"])
def test_what_is_there_is_not_asked_again(
    app: Flask, files: list[str], upstream: Upstream, out: str
) -> None:
    """By a file's name and all that makes the question; what has changed is another question."""
    extract(app, *files[:3], out=out)
    before = Path(out).read_bytes()
    result = extract(app, *files, f"./{files[0]}", out=out)
    assert "2 extracted, 0 failed, 0 skipped, 3 were in" in result.stderr
    assert Path(out).read_bytes().startswith(before)
    assert asked(upstream) == dict.fromkeys(files, 1)
    Path(files[0]).write_text("The text of 0.txt, corrected.")
    assert "1 extracted" in extract(app, *files, out=out).stderr
    assert "5 extracted" in extract(app, *files, out=out, locale="de-DE").stderr
    assert "5 extracted" in extract(app, *files, out=out, model="own/tool-01").stderr


def test_what_failed_is_asked_again(app: Flask, files: list[str], upstream: Upstream) -> None:
    """It sets the exit status, stops nothing, and has one line in the end."""
    model = "own/flaky-1-tool-1"
    first = extract(app, *files, model=model, parallel=1)
    assert first.exit_code == 1
    assert "4 extracted, 1 failed" in first.stderr
    assert "0.txt: " in first.stderr
    assert lines()["0.txt"]["problem"]["retryable"] is True
    second = extract(app, *files, model=model)
    assert (second.exit_code, len(lines())) == (0, 5)
    assert "1 extracted, 0 failed, 0 skipped, 4 were in" in second.stderr
    assert asked(upstream) == {**dict.fromkeys(files, 1), "0.txt": 2}


def test_a_file_that_is_no_text(app: Flask, files: list[str]) -> None:
    """It fails with a sentence; the others are extracted."""
    Path("picture.txt").write_bytes(b"ab\xff\xd8")
    result = extract(app, "picture.txt", *files)
    assert result.exit_code == 1
    assert "picture.txt is no text in UTF-8: byte 3 does not fit." in result.stderr
    assert "5 extracted, 1 failed" in result.stderr


def test_a_name_that_cannot_be_written(app: Flask, files: list[str], upstream: Upstream) -> None:
    """A file whose name is no text is told before anybody is asked."""
    name = os.fsdecode(b"\xff.txt")
    Path(name).write_text("The text of 8.txt.")
    result = extract(app, name, *files)
    assert (result.exit_code, upstream.requests) == (1, [])
    assert "Rename the file." in result.stderr


def test_from_standard_input(app: Flask, upstream: Upstream) -> None:
    """`-` is a document, too; a byte order mark is none of its text."""
    words = ["-", "--schema", "schema.json", "--out", "out.jsonl", "--model", _GOOD]
    result = app.test_cli_runner().invoke(
        args=["extract", *words], input=b"\xef\xbb\xbfThe text of 7.txt"
    )
    assert result.exit_code == 0, result.output
    assert (list(lines()), asked(upstream)) == (["-"], {"7.txt": 1})
    assert "\ufeff" not in json.dumps(upstream.requests, ensure_ascii=False)


def test_the_demo_model_and_a_registered_schema(app: Flask, tmp_path: Path) -> None:
    """It can be tried without a key."""
    Path("ada.txt").write_text("Ada Lovelace, ada@example.com")
    result = extract(app, "ada.txt", schema="contact", model="demo/demo", out="out.csv")
    assert result.exit_code == 0, result.output
    assert "ada@example.com" in Path("out.csv").read_text()


class TestBudget:
    @pytest.fixture
    def settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        from app.tariffs import read

        return {**settings, "model_prices": read('{"own/*": {"input": "0", "output": "10"}}')}

    def test_the_rest_is_skipped(
        self, app: Flask, files: list[str], upstream: Upstream, services: Services
    ) -> None:
        """It is not asked about, not written, told with its reason; and the next run goes on."""
        first = extract(app, *files, budget_usd="0.0015", max_output_tokens=100, parallel=1)
        assert first.exit_code == 1
        done = len(lines())
        assert 0 < done < 5
        assert f"{done} extracted, 0 failed, {5 - done} skipped" in first.stderr
        assert "batch's budget of 0.0015 US dollars" in first.stderr
        assert sum(asked(upstream).values()) == done
        assert extract(app, *files).exit_code == 0
        assert asked(upstream) == dict.fromkeys(files, 1)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"out": "out.txt"}, "out.txt must end in .jsonl or .csv"),
        ({"out": "nowhere/out.jsonl"}, "No such file or directory"),
        ({"schema": "no_such"}, "no schema called 'no_such'"),
        ({"schema": "missing.json"}, "missing.json: No such file or directory"),
        ({"schema": "0.txt"}, "0.txt is not valid JSON"),
        ({"model": "unheard/of"}, "no provider called 'unheard'"),
        ({"locale": "x"}, "locale: "),
        ({"budget_usd": "much"}, "budget_usd: Must be an amount in dollars"),
        ({"max_attempts": 11}, "max_attempts: "),
    ],
)
def test_what_cannot_be_done_is_told(
    app: Flask, files: list[str], upstream: Upstream, options: dict[str, Any], said: str
) -> None:
    """In a sentence, before anybody is asked."""
    result = extract(app, *files, **options)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert said in result.stderr
    assert SECRET not in result.output
    assert upstream.requests == []


def test_another_files_contents_are_left_alone(app: Flask, files: list[str]) -> None:
    """What is no table of results is not written to."""
    Path("diary.csv").write_text("Monday,rain\n")
    result = extract(app, *files, out="diary.csv")
    assert "diary.csv cannot be gone on with" in result.stderr
    assert Path("diary.csv").read_text() == "Monday,rain\n"


def begin(tmp_path: Path, upstream: Upstream, files: list[str], out: str) -> subprocess.Popen[str]:
    """The command in a process of its own, as a person starts it."""
    words = ["--schema", "schema.json", "--out", out, "--model", "openai/slow-0.1-tool-1"]
    return subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", f"{ROOT}/wsgi.py", "extract", *files, *words],
        cwd=tmp_path,
        env=environment(tmp_path, {"OPENAI_BASE_URL": f"{upstream.url}/v1"}),
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> str:
    """What it said, once it is over."""
    return process.communicate(timeout=60)[1]


@pytest.fixture
def many(tmp_path: Path) -> list[str]:
    names = [f"many/{number}.txt" for number in range(24)]
    (tmp_path / "many").mkdir()
    for number, name in enumerate(names):
        (tmp_path / name).write_text(f"<{number}>")
    return names


def about(upstream: Upstream) -> Counter[str]:
    said = [json.dumps(request["messages"]) for request in upstream.requests]
    return Counter(f"many/{n}.txt" for n in range(24) for text in said if f"<{n}>" in text)


def kept(path: Path) -> list[str]:
    """The documents whose results are wholly in the file."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        if path.suffix == ".csv":
            return [row["id"] for row in csv.DictReader(file) if row["cost_usd"] is not None]
        return [json.loads(line)["id"] for line in file if line.endswith("\n")]


@pytest.mark.parametrize(
    ("out", "sign"), [("out.jsonl", signal.SIGKILL), ("out.csv", signal.SIGINT)]
)
def test_interrupted_in_the_middle(
    tmp_path: Path, many: list[str], upstream: Upstream, out: str, sign: signal.Signals
) -> None:
    """However it ended, the next go asks about nothing that is written, and nothing is missing."""
    path = tmp_path / out
    process = begin(tmp_path, upstream, many, out)
    while len(kept(path)) < 6:
        assert process.poll() is None, ended(process)
        gevent.sleep(0.01)
    process.send_signal(sign)
    said = ended(process)
    if sign == signal.SIGINT:
        assert process.returncode == 130
        assert "The same command goes on with what out.csv lacks." in said
        assert "Traceback" not in said
    first = kept(path)
    assert 6 <= len(first) < len(many)
    upstream.reset()
    process = begin(tmp_path, upstream, many, out)
    said = ended(process)
    assert process.returncode == 0, said
    assert f"{len(first)} were in {out} before" in said
    assert sorted(kept(path)) == sorted(many)
    assert about(upstream) == dict.fromkeys(set(many) - set(first), 1)
