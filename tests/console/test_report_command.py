"""`muster report` writes pages that can be sent on."""

import pytest

from tests.console.conftest import MODEL, Installation


def test_a_models_page_is_written_where_it_is_asked_for(installed: Installation) -> None:
    done = installed.run("report", MODEL)
    assert (done.exit_code, done.output) == (0, f"wrote {MODEL}.html\n")
    page = (installed.folder / f"{MODEL}.html").read_text()
    assert "6 windows, 2026-03-01 to 2026-03-06" in page
    assert '<section id="volume">' in page

    (installed.folder / "pages").mkdir()
    assert installed.run("report", MODEL, "--out", "pages").output == f"wrote pages/{MODEL}.html\n"
    assert installed.run("report", MODEL, "--out", "own.html", "--last", "2").exit_code == 0
    assert "2 windows, 2026-03-05 to 2026-03-06" in (installed.folder / "own.html").read_text()


def test_the_fleets_page_stands_alone_or_links_to_its_models(installed: Installation) -> None:
    installed.write("shop.new")
    assert installed.run("report").output == "wrote fleet.html\n"
    alone = (installed.folder / "fleet.html").read_text()
    assert "<a " not in alone
    assert "shop.new" in alone

    (installed.folder / "pages").mkdir()
    done = installed.run("report", "--out", "pages")
    assert done.output == "wrote pages/index.html and 1 page of models beside it\n"
    assert f'<a href="{MODEL}.html">' in (installed.folder / "pages" / "index.html").read_text()
    assert (installed.folder / "pages" / f"{MODEL}.html").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("report", "shop.price"), "did you mean shop.prices?"),
        (("report", MODEL, "--out", "nowhere/page.html"), "cannot write nowhere/page.html: No such file"),
    ],
)
def test_what_cannot_be_written_is_said(
    installed: Installation, arguments: tuple[str, ...], said: str
) -> None:
    done = installed.run(*arguments)
    assert done.exit_code == 1
    assert said in done.stderr
