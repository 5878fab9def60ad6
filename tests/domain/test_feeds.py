"""How far a feed has been read: nothing is lost by slow clocks, late commits and pages, and the watermark never moves back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.clock import NOON

from doorstep.domain.connections.model import Document, Feed, Page, Position, Reading, Window, feeds

FEED = Feed("orders", "Orders", every_seconds=60, overlap_seconds=300)


def at(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def document(name: str, seconds: float) -> Document:
    return Document(name, "order", b"{}", NOON + at(seconds))


def test_a_window_begins_an_overlap_before_the_watermark() -> None:
    window = feeds.next_window(Position(NOON), FEED, now=NOON + at(60))
    assert window == Window(NOON - at(300), NOON + at(60), reaches_now=True)


def test_an_unfinished_window_goes_on_with_its_token() -> None:
    window = Window(NOON, NOON + at(60), "page-2")
    assert feeds.next_window(Position(NOON, window), FEED, now=NOON + at(999)) == window


def test_after_a_page_with_a_next_one_only_the_token_moves() -> None:
    window = Window(NOON - at(300), NOON + at(60))
    page = Page([document("a", 10)], next_token="2")
    position = feeds.advance(Position(NOON), window, page, FEED, is_backfill=False)
    assert position == Position(NOON, Window(window.since, window.until, "2"), NOON + at(10))


def test_the_newest_change_of_all_pages_is_the_watermark() -> None:
    window = Window(NOON - at(300), NOON + at(600), "2")
    before = Position(NOON, window, NOON + at(400))
    after = feeds.advance(before, window, Page([document("b", 350)]), FEED, is_backfill=False)
    assert after == Position(NOON + at(400))


def test_a_quiet_feed_moves_to_an_overlap_before_now() -> None:
    window = Window(NOON - at(300), NOON + at(3_600))
    assert feeds.advance(Position(NOON), window, Page([]), FEED, is_backfill=False) == Position(
        NOON + at(3_300)
    )


def test_changes_after_the_window_do_not_move_the_watermark_beyond_it() -> None:
    window = Window(NOON - at(300), NOON + at(60))
    page = Page([document("a", 90)])
    assert feeds.advance(Position(NOON), window, page, FEED, is_backfill=False) == Position(NOON + at(60))


def test_a_back_fill_reads_slices_until_its_end() -> None:
    daily = Feed("orders", "Orders", 60, slice_seconds=86_400)
    end = NOON + timedelta(days=2, hours=3)
    position, windows = Position(NOON), []
    while position.watermark_at < end:
        window = feeds.next_window(position, daily, now=NOON + timedelta(days=9), ends_at=end)
        windows.append(window)
        position = feeds.advance(position, window, Page([]), daily, is_backfill=True)
    assert [each.since - NOON for each in windows] == [timedelta(days=number) for number in range(3)]
    assert windows[-1].until == end


def test_waits_double_with_jitter_and_end_at_an_hour() -> None:
    waits = [feeds.wait_seconds(number, every_seconds=60, asked=None, jitter=0.5) for number in (1, 2, 3, 99)]
    assert waits == [15.0, 30.0, 60.0, 3_600.0]
    assert feeds.wait_seconds(1, every_seconds=60, asked=120, jitter=0.0) == 120


@pytest.mark.parametrize(("minutes", "late"), [(10, False), (16, True)])
def test_a_feed_is_late_after_several_missed_times(minutes: int, *, late: bool) -> None:
    assert feeds.is_late(FEED, NOON, now=NOON + timedelta(minutes=minutes)) is late
    assert not feeds.is_late(FEED, None, now=NOON)


def test_only_complete_hours_are_compared() -> None:
    since, now = NOON + timedelta(minutes=10), NOON + timedelta(hours=3, minutes=59)
    hours = feeds.hour_buckets(since, now=now, at_most=9)
    assert [each.since for each in hours] == [NOON, NOON + timedelta(hours=1)]
    assert len(feeds.hour_buckets(since, now=now, at_most=1)) == 1


def test_a_reading_gives_its_position_back() -> None:
    reading = Reading(1, 2, "orders", 3, 0, NOON)  # type: ignore[arg-type]  # ids are plain numbers here
    assert reading.position == Position(NOON)


@dataclass
class Vendor:
    """Changes become visible some seconds after the time that they carry; its clock is `slow` seconds behind ours."""

    slow: int
    changes: list[tuple[str, int, int]]  # name, changed at (vendor's clock), visible after so many seconds

    def page(self, window: Window, *, now: int, size: int) -> Page:
        clock = now - self.slow
        found = sorted(
            (changed, name)
            for name, changed, hidden in self.changes
            if changed + hidden <= clock and window.since <= NOON + at(changed) < window.until
        )
        start = int(window.token or 0)
        documents = [document(name, changed) for changed, name in found[start : start + size]]
        return Page(documents, str(start + size) if len(found) > start + size else "")


@dataclass
class Read:
    """What a reader has stored; it may die after a page was fetched and before it was stored."""

    position: Position = field(default_factory=lambda: Position(NOON))
    stored: set[str] = field(default_factory=set)

    def run(self, vendor: Vendor, *, now: int, size: int, dies: bool) -> None:
        pages = 0
        while True:
            window = feeds.next_window(self.position, FEED, now=NOON + at(now))
            page = vendor.page(window, now=now, size=size)
            if dies and pages == 1:
                return
            before = self.position
            self.position = feeds.advance(before, window, page, FEED, is_backfill=False)
            self.stored |= {each.event_id for each in page.documents}
            assert self.position.watermark_at >= before.watermark_at
            if self.position.window is None:
                return
            pages += 1


@given(
    slow=st.integers(0, 90),
    changes=st.lists(st.tuples(st.integers(0, 4_000), st.integers(0, 120)), max_size=40),
    size=st.integers(1, 5),
    waits=st.lists(st.tuples(st.integers(1, 900), st.booleans()), max_size=12),
)
def test_every_change_is_read_whatever_the_clock_the_pages_and_the_deaths(
    slow: int, changes: list[tuple[int, int]], size: int, waits: list[tuple[int, bool]]
) -> None:
    vendor = Vendor(slow, [(f"order-{number}", *each) for number, each in enumerate(changes)])
    reader, now = Read(), 0
    for wait, dies in [*waits, (4_500, False), (60, False)]:
        now += wait
        reader.run(vendor, now=now, size=size, dies=dies)
    assert reader.stored == {name for name, *_ in vendor.changes}
