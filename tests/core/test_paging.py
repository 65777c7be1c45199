"""Pages: how many there are."""

import pytest

from app.core.paging import Page


@pytest.mark.parametrize(("total", "size", "pages"), [(0, 10, 0), (1, 10, 1), (10, 10, 1), (11, 10, 2), (100, 1, 100)])
def test_the_number_of_pages(total: int, size: int, pages: int) -> None:
    assert Page([], total, 1, size, None).total_pages == pages


def test_a_page_keeps_its_place_with_other_rows() -> None:
    page = Page([1], 7, None, 1, "next").of(["a"])
    assert (page.data, page.total, page.page, page.next_cursor) == (["a"], 7, None, "next")
