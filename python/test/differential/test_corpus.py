"""TLE against stock Triton over the whole corpus: round trips, conversion, and the backend with TLE unused.

One test per kernel shares one stock compilation among all checks and lists every check that failed.
"""

import pytest
from checks import conversion, round_trip, stock, through_backend
from corpus.pipeline import Pipeline
from corpus.registry import entries, third_party
from triton.backends.compiler import Language


def test_size_of_the_corpus():
    functions = {entry.name: entry.make_source().fn for entry in entries().values()}
    kernels = {name: (fn.__module__, fn.__name__) for name, fn in functions.items()}
    foreign = {kernels[entry.name] for entry in third_party()}
    assert len(set(kernels.values())) >= 100, "distinct kernels"
    assert len(foreign) >= 60, "distinct kernels of third-party packages"
    assert sum(fn.is_gluon() for fn in functions.values()) >= 20, "Gluon kernels"


@pytest.mark.parametrize("name", entries())
def test_kernel(name):
    with stock():
        pipeline = Pipeline(entries()[name])
        texts = {}
        ptx = pipeline.run()
        problems = [*round_trip(pipeline, ptx, texts)]
        if pipeline.source.language == Language.TRITON:
            problems += conversion(pipeline, texts["ttir"])
    problems += through_backend(pipeline, ptx, None)
    problems += through_backend(pipeline, ptx, "0")
    problems += through_backend(pipeline, None, "1")
    assert not problems, f"{len(problems)} checks failed for {name}:\n" + "\n".join(problems)
