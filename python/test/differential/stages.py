"""Corpus modules as stock has them right before one of its passes, and what either engine makes of them."""

from __future__ import annotations

from checks import native
from corpus.pipeline import Pipeline, parse
from corpus.registry import entries
from triton.backends.compiler import Language
from triton.backends.nvidia.compiler import get_ptx_version_from_options
from triton_tle.compiler.pipelines import Pass, Settings, stock_passes
from triton_tle.compiler.runner import run_stock


def triton_kernels() -> list[str]:
    """Names of the corpus kernels that are written in Triton; Gluon's go through other passes."""
    return [name for name, entry in entries().items() if not entry.make_source().fn.is_gluon()]


def text_before(pipeline: Pipeline, flag: str, occurrence: int = 0) -> tuple[str, Pass] | None:
    """The TTGIR that stock's pass ``flag`` gets at its ``occurrence``-th place in the stage, and that pass.

    None where stock's stage for this target has no such place, or the kernel is not written in Triton.
    """
    if pipeline.source.language != Language.TRITON:
        return None
    options = pipeline.options
    settings = Settings(
        capability=pipeline.entry.arch,
        num_warps=options.num_warps,
        num_ctas=options.num_ctas,
        num_stages=options.num_stages,
        ptx_version=get_ptx_version_from_options(options, pipeline.entry.arch),
    )
    passes = stock_passes("ttgir", settings)
    places = [index for index, entry in enumerate(passes) if entry.flag == flag]
    if occurrence >= len(places):
        return None
    module = parse(pipeline.frontend_text, pipeline._new_context())
    module = pipeline.stages()["ttir"](module, {})
    place = places[occurrence]
    run_stock(module, passes[:place], "make_ttgir")
    return str(module), passes[place]


def by_stock(pipeline: Pipeline, text: str, entry: Pass) -> str:
    """What stock's pass ``entry`` makes of ``text``, as stock prints it."""
    module = parse(text, pipeline._new_context())
    run_stock(module, [entry], "make_ttgir")
    return str(module)


def by_native(pipeline: Pipeline, text: str, entry: Pass, **options: str | int | bool) -> str:
    """What the native pass of ``entry``'s flag makes of ``text``, as stock prints it.

    It gets ``entry``'s options and ``options`` besides. Raises ValueError where the pass or the parser fails.
    """
    extra = tuple((name.replace("_", "-"), value) for name, value in options.items())
    return pipeline.reprint(native(text, str(Pass("native", entry.flag, (*entry.options, *extra)))))
