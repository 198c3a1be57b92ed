"""Links of ours inside tables, sentences and charts: opened in place, in the same session.

Streamlit's Markdown opens every link in a new tab, a link in `st.html` loads the whole page anew
(1.7 s and a new session, against 0.5 s in place, on a busy machine), and `st.switch_page` with
parameters leaves an entry in the browser's history that shows the old page with the new page's
parameters. What Streamlit does in one step is follow the browser's Back and Forward. So a plain
click puts the address there and tells of it as Back would. With a key held, or with the middle
button, the browser does what it does with any link.
"""

from __future__ import annotations

import json

import streamlit as st

# Nobody's words are in it. Only addresses relative to our own pages are followed.
_STEERING = """<style>[data-testid=stElementContainer]:has(>.stHtml>script){display:none}
.stMarkdown small{font-size:.875rem;opacity:.6}</style>
<script>
window.openHere || document.addEventListener("click", e => {
  const a = e.target.closest("a[href]");
  if (!a || !/^[a-z_]+[?]/.test(a.getAttribute("href")) || e.defaultPrevented
    || e.button || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return;
  e.preventDefault();
  openHere(a.href);
});
window.openHere = address => {
  history.pushState({}, "", address);
  dispatchEvent(new PopStateEvent("popstate"));
};
</script>"""


def steer() -> None:
    """Let a click on a link of ours open its page in place; once on every page, before it."""
    st.html(_STEERING, unsafe_allow_javascript=True)


def go(address: str) -> None:
    """Open an address of ours in place, as a click on a link to it would; does not return."""
    written = json.dumps(address).replace("<", "\\u003c")
    st.html(f"<script>openHere({written})</script>", unsafe_allow_javascript=True)
    st.stop()
