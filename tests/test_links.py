"""Links that open in place."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def page() -> None:
    from ui import links

    links.steer()
    links.go("posts?q=%22</script>")


def scripts() -> list[str]:
    app = AppTest.from_function(page).run()
    assert not app.exception
    return [element.proto.body for element in app.get("html")]


def test_an_address_cannot_end_the_script_it_stands_in():
    assert scripts()[-1] == '<script>openHere("posts?q=%22\\u003c/script>")</script>'


def test_only_addresses_relative_to_our_pages_are_followed():
    assert "/^[a-z_]+[?]/.test" in scripts()[0]
