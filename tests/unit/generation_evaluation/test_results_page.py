"""The table of results on docs/evaluation.md keeps its shape, whatever part was measured."""

from tests.benchmarks.judging.page import PAGE, _results, _rows


def test_speeds_measured_alone_leave_the_languages_where_they_are():
    before = _rows(PAGE.read_text(encoding="utf-8"))

    table = _results({"fps_512": {"value": 61.0}}, before).splitlines()

    assert table[0] == before["figure"]
    assert {row.count("|") for row in table} == {before["figure"].count("|")}
    assert before["closure"] in table
    assert [row.split("|")[3].strip() for row in table if "`fps_512`" in row] == ["61"]
