"""The README tells what is so: its keys and its gallery are those of the project."""

import re

from tests.documents import README, ROOT, blocks, written


def test_keys_and_gallery_of_the_readme_are_those_of_the_project() -> None:
    text = README.read_text("utf-8")
    assert written(text) == text, "make documents writes them anew"
    assert all(len(block) > 100 for block in blocks().values())


def test_every_approved_screen_stands_in_the_gallery_and_every_link_leads_somewhere() -> None:
    links = set(re.findall(r"\((screenshots/[^)]*)\)", README.read_text("utf-8")))
    assert links >= {f"screenshots/{path.name}" for path in (ROOT / "screenshots").glob("*.svg")}
    assert all((ROOT / link).exists() for link in links)
