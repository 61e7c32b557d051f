//===- binding.cpp - triton_tle._native -----------------------------------===//
//
// A thin wrapper of the C interface; all that is Python is here.
//
//===----------------------------------------------------------------------===//

#include "triton-tle-c/TritonTLE.h"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace py = pybind11;

namespace {

struct Diagnostic {
  std::string severity;
  std::string pass;
  std::string file;
  unsigned line;
  unsigned column;
  std::string message;
  std::vector<Diagnostic> notes;
};

TritonTLEString view(std::string_view text) {
  return {text.data(), text.size()};
}

std::string toString(TritonTLEString text) { return {text.data, text.size}; }

Diagnostic convert(const TritonTLEDiagnostic *source) {
  static constexpr const char *severities[] = {"note", "remark", "warning",
                                               "error"};
  Diagnostic result{severities[tritonTLEDiagnosticSeverity(source)],
                    toString(tritonTLEDiagnosticPass(source)),
                    toString(tritonTLEDiagnosticFile(source)),
                    tritonTLEDiagnosticLine(source),
                    tritonTLEDiagnosticColumn(source),
                    toString(tritonTLEDiagnosticMessage(source)),
                    {}};
  for (size_t i = 0, e = tritonTLEDiagnosticNumNotes(source); i < e; ++i)
    result.notes.push_back(convert(tritonTLEDiagnosticNote(source, i)));
  return result;
}

std::string format(const Diagnostic &diagnostic) {
  std::string text;
  if (!diagnostic.file.empty())
    text = diagnostic.file + ":" + std::to_string(diagnostic.line) + ":" +
           std::to_string(diagnostic.column) + ": ";
  text += diagnostic.severity + ": ";
  if (!diagnostic.pass.empty())
    text += "[" + diagnostic.pass + "] ";
  text += diagnostic.message;
  for (const Diagnostic &note : diagnostic.notes)
    text += "\n" + format(note);
  return text;
}

using Result =
    std::unique_ptr<TritonTLEResult, decltype(&tritonTLEResultDestroy)>;

/// Runs passes while other Python threads may go on.
Result run(const std::string &ir, const std::string &pipeline,
           const std::string &name, unsigned flags,
           const std::string &remarks) {
  py::gil_scoped_release release;
  return Result(tritonTLERunPasses(view(ir), view(pipeline), view(name), flags,
                                   view(remarks)),
                &tritonTLEResultDestroy);
}

std::vector<Diagnostic> convertAll(const TritonTLEResult &result) {
  std::vector<Diagnostic> diagnostics;
  for (size_t i = 0, e = tritonTLEResultNumDiagnostics(&result); i < e; ++i)
    diagnostics.push_back(convert(tritonTLEResultDiagnostic(&result, i)));
  return diagnostics;
}

[[noreturn]] void raise(const py::object &nativeError,
                        std::vector<Diagnostic> diagnostics) {
  std::string message;
  for (const Diagnostic &diagnostic : diagnostics)
    message += (message.empty() ? "" : "\n") + format(diagnostic);
  py::object error = nativeError(message);
  error.attr("diagnostics") = std::move(diagnostics);
  PyErr_SetObject(nativeError.ptr(), error.ptr());
  throw py::error_already_set();
}

py::object loadJson(TritonTLEString text) {
  return py::module_::import("json").attr("loads")(toString(text));
}

} // namespace

PYBIND11_MODULE(_native, m) {
  m.doc() = "Runs passes of the native TLE library on MLIR text.";

  py::class_<Diagnostic>(
      m, "Diagnostic",
      "What a pass or the parser reported. Lines and columns count from 1; "
      "file is empty, line and column 0, where no place is known.")
      .def_readonly("severity", &Diagnostic::severity,
                    "'error', 'warning', 'remark' or 'note'")
      .def_readonly("pass_flag", &Diagnostic::pass,
                    "flag of the pass whose remark it is, else empty")
      .def_readonly("file", &Diagnostic::file)
      .def_readonly("line", &Diagnostic::line)
      .def_readonly("column", &Diagnostic::column)
      .def_readonly("message", &Diagnostic::message)
      .def_readonly("notes", &Diagnostic::notes)
      .def("__str__", &format)
      .def("__repr__", [](const Diagnostic &diagnostic) {
        return "<Diagnostic " + format(diagnostic) + ">";
      });

  // An attribute of the class answers for instances raised without any.
  py::object nativeError =
      py::reinterpret_steal<py::object>(PyErr_NewExceptionWithDoc(
          "triton_tle._native.NativeError",
          "A pass or the parser refused the module; `diagnostics` says why.",
          PyExc_RuntimeError, nullptr));
  if (!nativeError)
    throw py::error_already_set();
  nativeError.attr("diagnostics") = py::list();
  m.attr("NativeError") = nativeError;

  m.def(
      "run_passes",
      [nativeError](const std::string &ir, const std::string &pipeline,
                    const std::string &name, bool printAfterAll, bool generic,
                    const std::string &remarks) {
        unsigned flags = (printAfterAll ? TRITON_TLE_PRINT_AFTER_ALL : 0) |
                         (generic ? TRITON_TLE_GENERIC : 0);
        Result result = run(ir, pipeline, name, flags, remarks);
        std::vector<Diagnostic> diagnostics = convertAll(*result);
        if (!tritonTLEResultSucceeded(result.get()))
          raise(nativeError, std::move(diagnostics));
        return std::make_pair(toString(tritonTLEResultText(result.get())),
                              std::move(diagnostics));
      },
      py::arg("ir"), py::arg("pipeline"), py::kw_only(),
      py::arg("name") = "module", py::arg("print_after_all") = false,
      py::arg("generic") = false, py::arg("remarks") = "",
      "Parse MLIR text, run a textual pipeline (without anchor; empty: "
      "verify only) and print it with locations.\n\n"
      "name stands for the file in diagnostics about the text itself; "
      "print_after_all prints the module to stderr after each pass; generic "
      "gives MLIR's generic form; remarks is a regular expression: passes "
      "whose "
      "flags it matches say what they did and why they left something alone. "
      "Returns the text and the list of diagnostics; raises NativeError when a "
      "pass or the parser fails.");
  m.def(
      "time_passes",
      [nativeError](const std::string &ir, const std::string &pipeline) {
        Result result = run(ir, pipeline, "module", TRITON_TLE_NO_VERIFIER, "");
        if (!tritonTLEResultSucceeded(result.get()))
          raise(nativeError, convertAll(*result));
        std::vector<std::pair<std::string, double>> times;
        for (size_t i = 0, e = tritonTLEResultNumPassTimes(result.get()); i < e;
             ++i)
          times.emplace_back(toString(tritonTLEResultPassFlag(result.get(), i)),
                             tritonTLEResultPassSeconds(result.get(), i));
        return times;
      },
      py::arg("ir"), py::arg("pipeline"),
      "Run a textual pipeline over MLIR text: a list of (flag, seconds) of "
      "its passes, in their order.\n\n"
      "Seconds are processor time of the pass alone, without parser, verifier "
      "and printer. Raises NativeError when a pass or the parser fails.");
  m.def(
      "list_passes", [] { return loadJson(tritonTLEListPasses()); },
      "Every pass and pipeline: dicts with flag, summary and options (dicts "
      "with name and default).");
  m.def(
      "build_info", [] { return loadJson(tritonTLEBuildInfo()); },
      "A dict with version, llvm_version, tle (whether TLE is built in) and "
      "digest (of the library's code).");
}
