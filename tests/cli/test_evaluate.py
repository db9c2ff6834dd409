"""`flask evaluate`: a set in, a report out, in as many goes as it takes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import gevent
import pytest
from flask import Flask

from app.tariffs import Tariff
from tests.cli.commands import run
from tests.server.process import ROOT, environment
from tests.upstream import Upstream

_SET = """
title = "Greetings"
[variants]
name = ["Emma", "James"]
[[cases]]
id = "greet"
prompt = "Greet {name}."
expect.contains = ["t0"]
[[cases]]
id = "sum"
prompt = "What is one and one?"
expect.equals = "2"
"""


@pytest.fixture
def settings(settings: dict[str, Any]) -> dict[str, Any]:
    a_dollar_a_token = Tariff(input=Decimal(0), output=Decimal(1_000_000))
    return {**settings, "max_retry_wait": 0.0, "model_prices": {"own/*": a_dollar_a_token}}


@pytest.fixture(autouse=True)
def written(tmp_path: Path) -> Path:
    """In the working directory."""
    file = tmp_path / "set.toml"
    file.write_text(_SET)
    return file


def report(name: str = "set") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(f"{name}.json").read_text())
    return found


def prompts(upstream: Upstream) -> Counter[str]:
    return Counter(body["messages"][-1]["content"] for body in upstream.requests)


def test_a_report_is_made(app: Flask, upstream: Upstream) -> None:
    """Every case in every variant of every model, as often as it is to be; JSON and a page."""
    result = run(
        app,
        "evaluate",
        "set.toml",
        "--model",
        "own/mock-3",
        "--model",
        "demo/demo",
        "--repeat",
        "2",
    )
    assert result.exit_code == 0, result.output
    found = report()
    assert (found["title"], found["questions"], found["missing"]) == ("Greetings", 12, 0)
    assert prompts(upstream) == {"Greet Emma.": 2, "Greet James.": 2, "What is one and one?": 2}
    figures = found["models"]["own/mock-3"]
    assert (figures["answers"], figures["refused"]) == (6, 0)
    assert figures["right"] == pytest.approx(2 / 3)
    assert figures["cost_usd"] == 6 * 5  # 3 pieces and 2 of reasoning
    assert {case["id"] for case in found["cases"]} == {"greet", "sum"}
    assert "<title>Greetings</title>" in Path("set.html").read_text()
    assert "own/mock-3: 6 answers, 0 failed, 67% right, 0% refused, 30.0000" in result.stderr


def test_what_is_known_is_not_asked_again(app: Flask, upstream: Upstream) -> None:
    """The same command asks nothing, one with more repetitions what is new in it."""
    first = ("evaluate", "set.toml", "--model", "own/mock-3")
    assert run(app, *first).exit_code == 0
    asked = len(upstream.requests)
    again = run(app, *first)
    assert len(upstream.requests) == asked == 3
    assert "3 of its answers were there before" in again.stderr
    assert run(app, *first, "--repeat", "2").exit_code == 0
    assert len(upstream.requests) == 6


def test_what_has_changed_is_asked(app: Flask, upstream: Upstream, written: Path) -> None:
    """Another prompt is another question; the report forgets the old one."""
    run(app, "evaluate", "set.toml", "--model", "own/mock-3")
    written.write_text(_SET.replace("one and one", "two and two"))
    run(app, "evaluate", "set.toml", "--model", "own/mock-3")
    assert prompts(upstream)["What is two and two?"] == 1
    assert report()["questions"] == 3


def test_the_budget_ends_it_cleanly(app: Flask, upstream: Upstream) -> None:
    """No question is begun that could cost more than is left; with more money it goes on."""
    command = ("evaluate", "set.toml", "--model", "own/mock-3", "--repeat", "4")
    text = Path("set.toml").read_text()
    Path("set.toml").write_text("max_output_tokens = 10\n" + text)
    first = run(app, *command, "--budget-usd", "25", "--parallel", "2")
    assert first.exit_code == 1
    assert "goes on with what is missing" in first.stderr
    done = len(upstream.requests)
    assert 2 <= done <= 4
    assert report()["missing"] == 12 - done
    assert report()["models"]["own/mock-3"]["cost_usd"] <= 25
    assert run(app, *command, "--budget-usd", "1000").exit_code == 0
    assert len(upstream.requests) == 12


def test_what_failed_is_asked_again(app: Flask, upstream: Upstream) -> None:
    """It is in the report as failed, with an exit status, until it goes well."""
    first = run(app, "evaluate", "set.toml", "--model", "own/flaky-2-mock-3", "--parallel", "1")
    assert first.exit_code == 1
    assert report()["models"]["own/flaky-2-mock-3"]["failed"] == 2
    again = run(app, "evaluate", "set.toml", "--model", "own/flaky-2-mock-3")
    assert again.exit_code == 0, again.output
    assert len(upstream.requests) == 5
    assert report()["models"]["own/flaky-2-mock-3"]["failed"] == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--model", "unheard/of"), "no provider called 'unheard'"),
        (("--out", "nowhere/out"), "No such file or directory"),
        (("--out", "other"), "Line 1 of other.jsonl is no answer of ours"),
    ],
)
def test_what_cannot_be_done_is_told(
    app: Flask, upstream: Upstream, options: tuple[str, ...], said: str
) -> None:
    """In a sentence, before anybody is asked."""
    Path("other.jsonl").write_text("something else\n")
    result = run(app, "evaluate", "set.toml", *options)
    assert result.exit_code == 1
    assert said in result.stderr
    assert upstream.requests == []


def test_a_bad_set_is_told(app: Flask, written: Path) -> None:
    """By where it is wrong."""
    written.write_text('[[cases]]\nid = "a"\nprompt = "{who}"')
    result = run(app, "evaluate", "set.toml")
    assert result.exit_code == 1
    assert "there is no table [variants.who]" in result.stderr


def test_the_example_runs_on_the_demo_model(app: Flask, tmp_path: Path) -> None:
    """As it is shipped, and nobody is treated differently there."""
    example = ROOT / "examples" / "evaluate" / "names.toml"
    result = run(app, "evaluate", str(example), "--repeat", "1", "--out", str(tmp_path / "out"))
    assert result.exit_code == 0, result.output
    found = report("out")
    assert found["missing"] == 0
    assert not any(case["differences"] for case in found["cases"])


def begin(folder: Path, upstream: Upstream) -> subprocess.Popen[bytes]:
    settings = {
        "COMPATIBLE_OWN_BASE_URL": f"{upstream.url}/v1",
        "FLASK_APP": str(ROOT / "wsgi.py"),
    }
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "flask", "evaluate", "set.toml"),
            *("--model", "own/mock-5-10000", "--repeat", "10", "--parallel", "2"),
        ],
        cwd=folder,
        env=environment(folder, settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_in_the_middle(
    tmp_path: Path, upstream: Upstream, sign: signal.Signals
) -> None:
    """However it ended, the next go asks about nothing that is written, and nothing is missing."""
    path = tmp_path / "set.jsonl"
    with begin(tmp_path, upstream) as process:
        while not path.exists() or path.read_bytes().count(b"\n") < 5:
            assert process.poll() is None
            gevent.sleep(0.01)
        process.send_signal(sign)
        said = process.communicate(timeout=60)[0].decode()
    assert "Traceback" not in said
    if sign == signal.SIGINT:
        assert process.returncode == 130, said
        assert json.loads((tmp_path / "set.json").read_text())["missing"] > 0
    known = path.read_bytes().count(b"\n")
    upstream.reset()
    with begin(tmp_path, upstream) as process:
        said = process.communicate(timeout=60)[0].decode()
    assert process.returncode == 0, said
    assert len(upstream.requests) == 30 - known
