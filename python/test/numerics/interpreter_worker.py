"""A process that runs kernels in Triton's interpreter for the tests: requests and answers are lines of JSON.

The interpreter is chosen when Triton is imported, and other tests of the same process compile kernels.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import traceback

os.environ["TRITON_INTERPRET"] = "1"


def sparse_mla_fwd(provider: str, case: dict, seed: int) -> dict:
    """Errors of one provider ("tle" or "triton") in one `CheckCase`."""
    from triton_tle.bench.providers import sparse_mla_fwd_triton as plain
    from triton_tle.bench.sparse_mla_fwd_check import CheckCase, check
    from triton_tle.ops.sparse_mla_fwd import sparse_mla_fwd

    calls = {"tle": sparse_mla_fwd, "triton": plain.sparse_mla_fwd_triton_untuned}
    result = check(calls[provider], CheckCase(**case), seed, "cpu")
    return dataclasses.asdict(result) | {"passed": result.passed}


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what kernels or libraries print must not mix with the answers
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"value": globals()[request["function"]](**request["arguments"])}
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
