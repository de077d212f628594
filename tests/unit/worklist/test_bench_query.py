"""The hub's query over many cases is measured in a database of its own."""

from __future__ import annotations

from worklist.hub.bench_query import run


def test_the_bench_names_the_figure_that_the_contract_promises() -> None:
    figures = run(300)

    assert set(figures) == {
        "query_ms_100k",
        "query_cpu_ms",
        "query_search_ms",
        "query_search_cpu_ms",
        "query_10k_ms",
        "query_10k_cpu_ms",
    }
    assert all(figure > 0 for figure in figures.values())
