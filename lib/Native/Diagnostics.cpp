//===- Diagnostics.cpp - diagnostics as data ------------------------------===//

#include "Diagnostics.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::triton;

namespace {

TritonTLESeverity convert(DiagnosticSeverity severity) {
  switch (severity) {
  case DiagnosticSeverity::Note:
    return TRITON_TLE_NOTE;
  case DiagnosticSeverity::Remark:
    return TRITON_TLE_REMARK;
  case DiagnosticSeverity::Warning:
    return TRITON_TLE_WARNING;
  case DiagnosticSeverity::Error:
    return TRITON_TLE_ERROR;
  }
  llvm_unreachable("all severities are listed");
}

/// The place in a source file that `loc` stands for: names are peeled off, of
/// a call chain the callee counts, of fused locations the first with a place.
/// Notes which calls led there in `callers`, innermost first.
FileLineColLoc getPlace(Location loc, SmallVectorImpl<Location> *callers) {
  return TypeSwitch<LocationAttr, FileLineColLoc>(loc)
      .Case([](FileLineColLoc place) { return place; })
      .Case([](FileLineColRange range) {
        return FileLineColLoc::get(range.getFilename(), range.getStartLine(),
                                   range.getStartColumn());
      })
      .Case([&](NameLoc name) { return getPlace(name.getChildLoc(), callers); })
      .Case([&](OpaqueLoc opaque) {
        return getPlace(opaque.getFallbackLocation(), callers);
      })
      .Case([&](CallSiteLoc call) {
        FileLineColLoc place = getPlace(call.getCallee(), callers);
        if (!place)
          return getPlace(call.getCaller(), callers);
        if (callers)
          callers->push_back(call.getCaller());
        return place;
      })
      .Case([&](FusedLoc fused) {
        for (Location part : fused.getLocations())
          if (FileLineColLoc place = getPlace(part, callers))
            return place;
        return FileLineColLoc();
      })
      .Default([](LocationAttr) { return FileLineColLoc(); });
}

void setPlace(TritonTLEDiagnostic &diagnostic, FileLineColLoc place) {
  if (!place)
    return;
  diagnostic.file = place.getFilename().str();
  diagnostic.line = place.getLine();
  diagnostic.column = place.getColumn();
}

TritonTLEDiagnostic convert(Diagnostic &source) {
  TritonTLEDiagnostic result;
  result.severity = convert(source.getSeverity());
  result.message = source.str();
  SmallVector<Location> callers;
  setPlace(result, getPlace(source.getLocation(), &callers));
  // A caller may be a chain itself; its callee comes first then.
  for (size_t i = 0; i < callers.size(); ++i) {
    SmallVector<Location> further;
    FileLineColLoc place = getPlace(callers[i], &further);
    if (!place)
      continue;
    TritonTLEDiagnostic note;
    note.severity = TRITON_TLE_NOTE;
    note.message = "called from here";
    setPlace(note, place);
    result.notes.push_back(std::move(note));
    callers.append(further);
  }
  for (Diagnostic &note : source.getNotes())
    result.notes.push_back(convert(note));
  return result;
}

class RemarkCollector : public remark::detail::MLIRRemarkStreamerBase {
public:
  explicit RemarkCollector(std::vector<TritonTLEDiagnostic> &diagnostics)
      : diagnostics(diagnostics) {}

  void streamOptimizationRemark(const remark::detail::Remark &remark) override {
    TritonTLEDiagnostic result;
    result.severity = TRITON_TLE_REMARK;
    result.pass = remark.getCategoryName().str();
    for (const remark::detail::Remark::Arg &part : remark.getArgs())
      result.message += part.val;
    setPlace(result, getPlace(remark.getLocation(), /*callers=*/nullptr));
    diagnostics.push_back(std::move(result));
  }

private:
  std::vector<TritonTLEDiagnostic> &diagnostics;
};

} // namespace

LogicalResult
mlir::triton::collectRemarks(MLIRContext &context, StringRef filter,
                             std::vector<TritonTLEDiagnostic> &diagnostics,
                             std::string &error) {
  if (!llvm::Regex(filter).isValid(error))
    return failure();
  remark::RemarkCategories categories;
  // The engine wants the expression to match all of the flag.
  categories.passed = categories.missed = (".*(" + filter + ").*").str();
  return remark::enableOptimizationRemarks(
      context, std::make_unique<RemarkCollector>(diagnostics),
      std::make_unique<remark::RemarkEmittingPolicyAll>(), categories);
}

DiagnosticCollector::DiagnosticCollector(
    MLIRContext *context, std::vector<TritonTLEDiagnostic> &diagnostics)
    : ScopedDiagnosticHandler(context) {
  setHandler([&diagnostics](Diagnostic &diagnostic) {
    diagnostics.push_back(convert(diagnostic));
    return success();
  });
}
