"""What the texts name is there: links and their headings, files, commands."""

import re

import pytest

from tests.helpers import REPOSITORY

TEXTS = (
    "README.md",
    "BUILD_NOTES.md",
    "CONTRIBUTING.md",
    *(f"docs/{path.name}" for path in sorted((REPOSITORY / "docs").glob("*.md"))),
)
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]*)(?:#([^)\s]+))?\)")  # Or a picture.
FILE = re.compile(
    r"`((?:benchmarks|constraints|docs|export|flagfiles|maskanim_tf|serving|tests)/[\w./-]*)`"
)
COMMAND = re.compile(r"python -m ((?:maskanim_tf|export|serving)[\w.]*)")


def read(name):
    return (REPOSITORY / name).read_text()


def headings(path):
    """Anchors of the headings of a text, as GitHub makes them."""
    prose = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    found = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in found]


def test_the_readme_is_short():
    assert len(read("README.md").splitlines()) < 120


@pytest.mark.parametrize("name", TEXTS)
def test_headings_are_told_apart(name):
    found = headings(REPOSITORY / name)
    assert found
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("name", TEXTS)
def test_links_lead_somewhere(name):
    here = REPOSITORY / name
    for target, heading in LINK.findall(here.read_text()):
        if target.startswith("http"):
            continue
        path = here.parent / target if target else here
        assert path.exists(), f"{name} links to {target}"
        if heading:
            assert heading in headings(path), f"{name} links to {target}#{heading}"


def test_files_are_where_the_texts_say():
    seen = {(name, path) for name in TEXTS for path in FILE.findall(read(name))}
    assert len(seen) > 100
    assert {each for each in seen if not (REPOSITORY / each[1]).exists()} == set()


def test_commands_are_there():
    seen = {(name, module) for name in TEXTS for module in COMMAND.findall(read(name))}
    assert len(seen) > 20

    def is_there(module):
        path = REPOSITORY / module.rstrip(".").replace(".", "/")
        return path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()

    placeholders = {"export.FORMAT"}
    assert {each for each in seen if each[1] not in placeholders and not is_there(each[1])} == set()
