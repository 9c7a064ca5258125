"""Files of strangers: refused with a line, in bounded time, whatever they hold."""

from pathlib import Path

import pytest

from policies.load import load_policies

GOOD = """\
version: 1
model: pricing.bike
task: regression
traffic: {path: a.csv, timestamp: t, prediction: p}
cadence: 1d
"""


def faults_of(root: Path, text: str | bytes) -> list[str]:
    path = root / "pricing" / "bike.yaml"
    path.parent.mkdir()
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    fleet = load_policies([root])
    assert fleet.policies == ()
    return [str(fault).removeprefix(f"{path}:") for fault in fleet.faults]


HOSTILE: dict[str, tuple[str | bytes, str]] = {
    "a bomb of aliases": (
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
        "1: a: the anchor &a is not allowed; write the value out",
    ),
    "deep nesting": ("a: " + "[" * 50_000, "1: a[0][0]: nested more than 20 levels deep"),
    "an unfinished list": ("version: 1\na: [1, 2", "2: not YAML: "),
    "a tab": ("version: 1\n\ttask: x\n", "2: not YAML: "),
    "a colon too many": ("version: 1\ntask: a: b\n", "2: not YAML: mapping values are not allowed"),
    "a control character": ("version: 1\na: \x00\n", "2: holds the control character '\\x00'"),
    "bytes that are not UTF-8": (b"version: 1\nowner: M\xfcller\n", "2: is not UTF-8: byte 0xfc"),
    "an empty file": ("", "1: is empty"),
    "only a comment": ("# nothing\n", "1: is empty"),
    "a list": ("- a\n", "1: must hold keys and values"),
    "a word": ("hello\n", "1: must hold keys and values"),
    "a number of ten thousand digits": ("version: " + "9" * 10_000, "1: version: cannot be read"),
    "a list as key": ("version: 1\n? [a, b]\n: {c: 1}\n", "2: a key must be a single word"),
    "two documents": (GOOD + "---\nversion: 1\n", "6: a second document begins here"),
    "a foreign tag inside": ("version: 1\na: [!x {b: 1}]\n", "2: a[0]: the tag !x is not allowed"),
    "a merge key": (GOOD + "<<: {alias: a}\n", "6: <<: unknown key"),
    "a file too large": ("# " + "x" * 300_000, "1: is larger than 256 KB"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_text_is_refused_with_its_line(case: str, tmp_path: Path) -> None:
    text, expected = HOSTILE[case]
    assert any(fault.startswith(expected) for fault in faults_of(tmp_path, text))


def test_a_syntax_error_has_line_and_column(tmp_path: Path) -> None:
    (tmp_path / "pricing").mkdir()
    (tmp_path / "pricing" / "bike.yaml").write_text("version: 1\ntask: a: b\n")
    (fault,) = load_policies([tmp_path]).faults
    assert (fault.line, fault.column) == (2, 8)
