"""Posts from a file: every line is a post or is told why it is none."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from openpyxl import Workbook

from collector.imports import FileError, import_posts, read_lines
from db import queries, store
from db.seed import seed_places
from insights.model import Platform
from insights.places import Gazetteer
from tests.fakes import KUALA_LUMPUR, NOW

HEADER = "post_id,content,created_at,likes"


def lines_of(tmp_path, text: str | bytes, name: str = "posts.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_lines(path, KUALA_LUMPUR, NOW)


def the_post(tmp_path, text: str):
    (line,) = lines_of(tmp_path, text)
    assert line.problem == ""
    return line.post


def the_problem(tmp_path, text: str) -> str:
    (line,) = lines_of(tmp_path, text)
    assert line.post is None
    return line.problem


# ---- whole files -------------------------------------------------------------------------------


def test_a_plain_table_becomes_posts(tmp_path):
    post = the_post(tmp_path, f"{HEADER}\n7,Pantai Cenang cantik,2026-11-20T08:00:00+08:00,12\n")

    assert post.platform is Platform.IMPORT
    assert post.post_id == "7"
    assert post.content == "Pantai Cenang cantik"
    assert post.posted_at == datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
    assert post.likes == 12
    assert post.comments is None
    assert post.found_by == "import:posts.csv"


def test_headings_are_known_by_other_names_and_in_any_case(tmp_path):
    post = the_post(tmp_path, "Tarikh,Teks,Suka\n2026-11-20,Langkawi,5\n")

    assert (post.content, post.likes) == ("Langkawi", 5)


@pytest.mark.parametrize("sign", [";", "\t"])
def test_semicolons_and_tabs_separate_too(tmp_path, sign):
    text = f"content{sign}created_at\nLangkawi, hari ini{sign}2026-11-20\n"

    assert the_post(tmp_path, text).content == "Langkawi, hari ini"


def test_a_post_of_several_lines_stays_one_and_line_numbers_stay_right(tmp_path):
    text = f'{HEADER}\n1,"a\nb\nc",2026-11-20,1\n\n2,ok,yesterday,1\n'

    first, second = lines_of(tmp_path, text)

    assert (first.number, first.post.content) == (2, "a\nb\nc")
    assert second.number == 6
    assert "yesterday" in second.problem


def test_a_byte_order_mark_and_utf_16_are_read(tmp_path):
    text = "content,created_at\n浮罗交怡很美,2026-11-20\n"

    for raw in (b"\xef\xbb\xbf" + text.encode(), text.encode("utf-16")):
        (line,) = lines_of(tmp_path, raw)
        assert line.post.content == "浮罗交怡很美"


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "empty"),
        (b"content,created_at\n\xe9t\xe9,2026-11-20\n", "UTF-8"),
        (b"content,likes\nx,1\n", "created_at"),
        (b"content,text,created_at\na,b,2026-11-20\n", "more than one column"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused_as_a_whole(tmp_path, raw, told):
    with pytest.raises(FileError, match=told):
        lines_of(tmp_path, raw)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(FileError, match="cannot be read"):
        read_lines(tmp_path / "none.csv", KUALA_LUMPUR, NOW)


def test_an_excel_sheet_becomes_posts(tmp_path):
    book = Workbook()
    book.active.append(["post_id", "content", "created_at", "likes"])
    book.active.append([901, "Tasik Pedu tenang", datetime(2026, 11, 20, 8, 30), 3.0])
    path = tmp_path / "posts.xlsx"
    book.save(path)

    (line,) = read_lines(path, KUALA_LUMPUR, NOW)

    assert line.number == 2
    assert (line.post.post_id, line.post.likes) == ("901", 3)
    assert line.post.posted_at == datetime(2026, 11, 20, 0, 30, tzinfo=UTC)


def test_an_id_that_excel_has_rounded_is_told_and_one_kept_as_text_is_exact(tmp_path):
    book = Workbook()
    book.active.append(HEADER.split(","))
    for post_id in (1234567890123456802, "1234567890123456802", 123456789012345):
        book.active.append([post_id, "Langkawi", "2026-11-20", 12])
    book.save(tmp_path / "posts.xlsx")

    rounded, *exact = read_lines(tmp_path / "posts.xlsx", KUALA_LUMPUR, NOW)

    assert rounded.post is None
    assert "write it as text" in rounded.problem
    assert [line.post.post_id for line in exact] == ["1234567890123456802", "123456789012345"]


@pytest.mark.parametrize("value", ["1.23457E+18", "1.234567890123456e+18"])
def test_an_id_that_excel_wrote_to_csv_rounded_is_told(tmp_path, value):
    assert "write it as text" in the_problem(tmp_path, f"{HEADER}\n{value},a,2026-11-20,1\n")


def test_something_called_xlsx_that_is_none_is_refused(tmp_path):
    with pytest.raises(FileError, match="Excel"):
        lines_of(tmp_path, b"content,created_at\n", "posts.xlsx")


# ---- single values -----------------------------------------------------------------------------


def test_a_time_without_a_zone_is_local(tmp_path):
    post = the_post(tmp_path, "content,created_at\nx,2026-11-20 00:01\n")

    assert post.posted_at == datetime(2026, 11, 19, 16, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", ["", "20/11/2026", "soon", "2026-13-01", "2031-01-01", "1999-01-01"]
)
def test_a_time_that_cannot_be_one_is_told(tmp_path, value):
    assert "created_at" in the_problem(tmp_path, f"content,created_at,likes\nx,{value},1\n")


@pytest.mark.parametrize("value", ["", "-", "n/a", "NULL"])
def test_an_unknown_count_is_not_zero(tmp_path, value):
    assert the_post(tmp_path, f"{HEADER}\n1,x,2026-11-20,{value}\n").likes is None


def test_a_count_may_have_thousands_separators(tmp_path):
    assert the_post(tmp_path, f'{HEADER}\n1,x,2026-11-20,"1,234,567"\n').likes == 1_234_567


@pytest.mark.parametrize("value", ["12k", "-3", "1.5", "٣", "1e9", "99999999999999"])
def test_a_count_is_not_guessed_at(tmp_path, value):
    assert "likes" in the_problem(tmp_path, f"{HEADER}\n1,x,2026-11-20,{value}\n")


def test_an_empty_text_is_told(tmp_path):
    assert "content" in the_problem(tmp_path, f"{HEADER}\n1, ,2026-11-20,1\n")


def test_a_platform_of_ours_is_kept_and_another_told(tmp_path):
    text = "content,created_at,platform\nx,2026-11-20,{}\n"

    assert the_post(tmp_path, text.format("Instagram")).platform is Platform.INSTAGRAM
    assert "platform" in the_problem(tmp_path, text.format("myspace"))


def test_hashtags_of_the_column_and_of_the_text_are_joined(tmp_path):
    text = "content,created_at,hashtags\nIndah #Langkawi,2026-11-20,#kedah sunset\n"

    assert the_post(tmp_path, text).hashtags == ("kedah", "sunset", "langkawi")


def test_an_address_that_is_no_https_link_is_told(tmp_path):
    text = "content,created_at,url\nx,2026-11-20,javascript:alert(1)\n"

    assert "url" in the_problem(tmp_path, text)


def test_a_line_without_an_id_gets_the_same_one_every_time(tmp_path):
    text = "content,created_at\nLangkawi,2026-11-20\n"

    assert the_post(tmp_path, text).post_id == the_post(tmp_path, text).post_id


def test_the_same_post_twice_in_a_file_with_other_words_is_told(tmp_path):
    first, second = lines_of(tmp_path, f"{HEADER}\n1,x,2026-11-20,1\n1,y,2026-11-20,1\n")

    assert first.post is not None
    assert second.is_bad
    assert "line 2" in second.problem


def test_a_line_that_says_the_same_again_loses_nothing(tmp_path):
    row = "1,x,2026-11-20,1\n"

    first, second = lines_of(tmp_path, f"{HEADER}\n{row}{row}")

    assert first.post is not None
    assert (second.post, second.repeats, second.is_bad) == (None, 2, False)


# ---- storing -----------------------------------------------------------------------------------


@pytest.fixture
def prepared(engine):
    with engine.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", seed_places(), NOW)
    return engine


def stored(engine, lines, **given):
    with engine.connect() as connection:
        gazetteer = Gazetteer(queries.gazetteer(connection))
    return import_posts(engine, lines, gazetteer, lambda: NOW, zone=KUALA_LUMPUR, **given)


FILE = f"{HEADER}\n1,Pantai Cenang,2026-11-20,1\n2,bad,never,1\n3,no place at all,2026-11-21,2\n"


def test_good_lines_are_stored_and_bad_ones_counted(prepared, tmp_path):
    report = stored(prepared, lines_of(tmp_path, FILE))

    assert (report.new, report.bad) == (2, [3])
    with prepared.connect() as connection:
        run = queries.runs(connection, 1).iloc[0]
        post = queries.why_of(connection, Platform.IMPORT, "3")
    assert (run.platform, run.status, run.stored) == ("import", "partial", 2)
    assert post["counted_why"] == "import:posts.csv"


def test_the_same_file_again_changes_nothing(prepared, tmp_path):
    lines = lines_of(tmp_path, FILE)
    stored(prepared, lines)

    again = stored(prepared, lines)

    assert (again.new, again.updated, again.unchanged) == (0, 0, 2)


def test_a_changed_count_is_taken_over(prepared, tmp_path):
    stored(prepared, lines_of(tmp_path, FILE))

    again = stored(prepared, lines_of(tmp_path, FILE.replace("2026-11-20,1", "2026-11-20,9")))

    assert (again.new, again.updated) == (0, 1)


def test_a_stop_leaves_whole_pages_and_says_so(prepared, tmp_path):
    stop = threading.Event()
    stop.set()

    report = stored(prepared, lines_of(tmp_path, FILE), stop=stop)

    assert report.interrupted
    assert report.new == 0
    with prepared.connect() as connection:
        assert queries.runs(connection, 1).iloc[0].status == "interrupted"


def test_progress_is_told(prepared, tmp_path):
    many = "".join(
        f"{n},Langkawi,{NOW - timedelta(hours=n):%Y-%m-%dT%H:%MZ},1\n" for n in range(450)
    )
    told = []

    stored(prepared, lines_of(tmp_path, f"{HEADER}\n{many}"), progress=told.append)

    assert told == [200, 400, 450]
