"""The stylesheet is cut by rule: what is used stays, what nobody reaches goes."""

import pytest

from tests.static.stylesheet_cut import cut

CLASSES = frozenset({"btn", "card"})


@pytest.mark.parametrize(
    ("css", "kept"),
    [
        (".btn{color:red}", ".btn{color:red}\n"),
        (".nav{color:red}", "\n"),
        (".btn,.nav a,a{color:red}", ".btn,a{color:red}\n"),
        (".btn .nav{color:red}", "\n"),
        ("a:is(.btn,.nav){color:red}", "\n"),
        ("@media print{.btn{color:red}.nav{color:red}}", "@media print{.btn{color:red}}\n"),
        ("@media print{.nav{color:red}}", "\n"),
        (":root{--a:1;--b:2}.btn{width:var(--a)}", ":root{--a:1}\n.btn{width:var(--a)}\n"),
        (":root{--a:1;--b:var(--a)}", "\n"),
        ("@keyframes x{to{top:0}}.btn{top:1px}", ".btn{top:1px}\n"),
        ("@keyframes x{to{top:0}}.btn{animation:x 1s}", "@keyframes x{to{top:0}}\n.btn{animation:x 1s}\n"),
        ("[data-vc=calendar]{top:0}", "\n"),
        ('.card{background:url("data:;,{}a;b")}', '.card{background:url("data:;,{}a;b")}\n'),
    ],
)
def test_only_what_is_reached_is_kept(css: str, kept: str) -> None:
    assert cut(css, CLASSES) == kept
