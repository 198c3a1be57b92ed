"""What Streamlit brings along: its own words, which are English, and its tables that scroll.

Streamlit has no setting for the names that screen readers read out, nor for the link that the first
press of Tab shows. The browser puts ours in their place, and lets a keyboard reach a table that is
wider than its card and holds nothing else to reach.
"""

from __future__ import annotations

import json

import streamlit as st

from ui.text import t

# Streamlit's names -> ours. "Help for Posts" begins with one of them.
_NAMES = {
    "App pages": "pages",
    "Main menu": "menu",
    "Choose an option": "choose",
    "Open": "open",
    "Help": "help",
    "Clear value": "clear",
    "Help for ": "help_for",
}
# It waits for the page to stand still, keeps what Streamlit had said, and so also finds its way
# back to the other language. `said` holds of each element: their name, ours.
_SCRIPT = """<script>
window.borrowed = %s;
window.borrowing || (() => {
  const said = new WeakMap();
  const all = (what, then) => document.querySelectorAll(what).forEach(then);
  const ours = (theirs, names) => names[theirs]
    || theirs.replace(/^Help for /, start => names[start]);
  const put = () => {
    const { names, more, skip } = window.borrowed;
    all("[aria-label]", e => {
      const is = e.getAttribute("aria-label"), was = said.get(e);
      const theirs = was && was[1] === is ? was[0] : is, now = ours(theirs, names);
      said.set(e, [theirs, now]);
      if (now !== is) e.setAttribute("aria-label", now);
    });
    all(".rc-overflow-item-rest button", e => e.setAttribute("aria-label", more));
    all("[data-testid=stSkipToContent]", e => {
      if (e.textContent !== skip) e.firstChild.data = skip;
    });
    all("[data-testid=stTable]>div:not(:has(a,button))", e => {
      if (e.scrollWidth > e.clientWidth) e.tabIndex = 0; else e.removeAttribute("tabindex");
    });
  };
  let waits;
  window.borrowing = () => { clearTimeout(waits); waits = setTimeout(put, 100); };
  new MutationObserver(window.borrowing).observe(document.body, { childList: true, subtree: true });
  addEventListener("resize", window.borrowing);
})();
window.borrowing();
</script>"""


def translate() -> None:
    """Say Streamlit's own words in the reader's language; once on every page."""
    names = {theirs: t(f"borrowed.{ours}") for theirs, ours in _NAMES.items()}
    words = {"names": names, "more": t("shell.more"), "skip": t("borrowed.skip")}
    written = json.dumps(words, ensure_ascii=False).replace("<", "\\u003c")
    st.html(_SCRIPT % written, unsafe_allow_javascript=True)
