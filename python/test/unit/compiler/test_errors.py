"""What native diagnostics look like to the user."""

import pickle

from stand_in import diagnostic
from triton_tle.compiler.errors import TLECompilationError, from_diagnostics

TEXT = 'module {\n  %0 = "tle.odd"() : () -> i32\n}\n'


def write(tmp_path, source):
    path = tmp_path / "kernel.py"
    path.write_text(source)
    return str(path)


def test_the_source_line_with_a_caret(tmp_path):
    path = write(tmp_path, "first\n    v = tl.load(p)\n")
    note = diagnostic("note", "allocated here", path, 1, 0)
    error = from_diagnostics([diagnostic("error", "no good", path, 2, 8, [note])], "m", TEXT)
    assert str(error) == f"at {path}:2:8:\n    v = tl.load(p)\n        ^\nno good\n{path}:1:0: note: allocated here"
    assert (error.file, error.line, error.column) == (path, 2, 8)


def test_tabs_keep_the_caret_in_place(tmp_path):
    path = write(tmp_path, "\tx = y\n")
    assert "\n\tx = y\n\t    ^\n" in str(TLECompilationError("m", path, 1, 5))


def test_a_line_of_the_module_is_shown():
    error = from_diagnostics([diagnostic("error", "unknown op", "make_ttgir", 2, 8)], "make_ttgir", TEXT)
    assert str(error).splitlines() == [
        "at make_ttgir:2:7:",
        '  %0 = "tle.odd"() : () -> i32',
        "       ^",
        "unknown op",
    ]


def test_the_first_error_leads_and_nothing_is_lost():
    said = [diagnostic("warning", "slow"), diagnostic("error", "one"), diagnostic("error", "two")]
    assert str(from_diagnostics(said, "m", TEXT)) == "one\nwarning: slow\nerror: two"


def test_unknown_places():
    assert str(TLECompilationError("message")) == "message"
    assert str(TLECompilationError("message", "/no/such/file.py", 3, 1)) == "at /no/such/file.py:3:1:\nmessage"
    assert "without saying why" in str(from_diagnostics([], "m", TEXT))
    out_of_text = from_diagnostics([diagnostic("error", "end of file", "m", 9, 1)], "m", TEXT)
    assert str(out_of_text) == "at m:9:0:\nend of file"


def test_errors_survive_pickling(tmp_path):
    path = write(tmp_path, "line\n")
    for error in (TLECompilationError("m", path, 1, 2, ["n"]), TLECompilationError("m", "ir", 1, 0, (), "excerpt")):
        copy = pickle.loads(pickle.dumps(error))
        assert type(copy) is TLECompilationError and str(copy) == str(error) and copy.notes == error.notes
