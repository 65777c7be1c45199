"""If-Match as the RFC has it."""

import pytest

from app.core.versioning import ExpectedVersion, strong_tags


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ('"a"', {"a"}), ('"a", "b"', {"a", "b"}), ('"a","b"', {"a", "b"}), ("", set()), ("a", set()), ('W/"a"', set()),
        ('W/"a", "b"', {"b"}), ('"b", W/"a"', {"b"}), ('W/"a" , W/"c" ,"b"', {"b"}), ('""', {""}), ('"a b"', {"a b"}),
        ('"a, b"', {"a, b"}), ('"a', set()), ('a"', set()), ('x"a"', set()), ('"a"x', {"a"}), ("*", set()),
        ('"*"', {"*"}), (",,,", set()), ('W/"a", "', set()),
    ],
)  # fmt: skip
def test_only_strong_quoted_tags_count(header: str, tags: set[str]) -> None:
    assert strong_tags(header) == tags


@pytest.mark.parametrize(
    ("expected", "named"),
    [
        (ExpectedVersion(frozenset({"a"})), "a"),
        (ExpectedVersion(frozenset({"a", "b"})), None),
        (ExpectedVersion(frozenset({"a"}), "c"), "c"),
        (ExpectedVersion(frozenset()), None),
        (ExpectedVersion(None, "c"), "c"),
    ],
)
def test_the_version_that_is_meant_is_named_where_there_is_one(expected: ExpectedVersion, named: str | None) -> None:
    assert expected.named == named


def test_a_long_header_is_read_in_no_time() -> None:
    strong_tags('W/"' * 20_000)
    assert len(strong_tags(", ".join(f'"{n}"' for n in range(5000)))) == 5000
