import threading
from contextlib import closing
from itertools import count

import pytest

from generation.sharing import ahead, cores, in_order
from generation.worker.settings import SettingsError, WorkerSettings


def test_results_come_in_order_whoever_is_done_first():
    turn = [threading.Event() for _ in range(4)]

    def work(number):
        if number % 2 == 0:  # each even one waits for the odd one after it
            assert turn[number + 1].wait(5)
        turn[number].set()
        return 10 * number

    assert list(in_order(work, range(4), 2)) == [0, 10, 20, 30]


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_no_more_is_asked_for_than_the_threads_need(threads):
    taken = []
    items = (taken.append(n) or n for n in count())
    with closing(in_order(str, items, threads)) as results:
        for _ in range(10):
            next(results)
    assert len(taken) <= 10 + threads


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_comes_in_its_turn_and_as_it_is(threads):
    def work(number):
        if number == 3:
            raise ValueError("the fourth")
        return number

    results = in_order(work, count(), threads)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="the fourth"):
        next(results)
    assert not _threads()


def test_closing_waits_for_what_was_begun_and_begins_nothing_more():
    begun, may_end, ended = threading.Event(), threading.Event(), []

    def work(number):
        if number:
            begun.set()
            assert may_end.wait(5)
        ended.append(number)

    results = in_order(work, count(), 2)
    next(results)
    assert begun.wait(5)
    may_end.set()
    results.close()
    assert not _threads()
    assert len(ended) <= 3


def test_a_thread_goes_ahead_so_far_and_no_further():
    taken, far_enough = [], threading.Event()

    def items():
        for number in count():
            taken.append(number)
            if number == 3:
                far_enough.set()
            yield number

    with closing(ahead(items(), 3)) as numbers:
        assert next(numbers) == 0
        assert next(numbers) == 1
        assert far_enough.wait(5)
        assert len(taken) <= 5
    assert not _threads()


def test_going_ahead_ends_where_its_source_ends_or_fails():
    def failing():
        yield 1
        raise OSError("no more")

    assert list(ahead(range(5), 2)) == [0, 1, 2, 3, 4]
    numbers = ahead(failing(), 2)
    assert next(numbers) == 1
    with pytest.raises(OSError, match="no more"):
        next(numbers)
    assert not _threads()


def test_a_worker_shares_out_its_work_among_the_cores_it_may_use(tmp_path):
    (tmp_path / "permit.pub.pem").write_text("a key")
    told = {"RAKKAN_WORKER_TOKEN": "t", "RAKKAN_TRUST": str(tmp_path)}
    assert WorkerSettings.from_environment(told).threads == min(4, cores())
    chosen = WorkerSettings.from_environment({**told, "RAKKAN_WORKER_THREADS": "7"})
    assert chosen.threads == 7
    for wrong in ("0", "-1", "two"):
        with pytest.raises(SettingsError) as error:
            WorkerSettings.from_environment({**told, "RAKKAN_WORKER_THREADS": wrong})
        assert "how many cores" in error.value.remedy


def _threads():
    return [t.name for t in threading.enumerate() if t.name.startswith(("in-order", "ahead"))]
