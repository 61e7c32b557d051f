//===- Diagnostics.h - diagnostics as data ----------------------*- C++ -*-===//

#ifndef TRITON_TLE_LIB_NATIVE_DIAGNOSTICS_H
#define TRITON_TLE_LIB_NATIVE_DIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"
#include "triton-tle-c/TritonTLE.h"
#include <string>
#include <vector>

struct TritonTLEDiagnostic {
  TritonTLESeverity severity = TRITON_TLE_ERROR;
  std::string message;
  std::string pass;
  std::string file;
  unsigned line = 0;
  unsigned column = 0;
  std::vector<TritonTLEDiagnostic> notes;
};

namespace mlir::triton {

/// Gathers what is reported in `context` while it lives.
class DiagnosticCollector : public ScopedDiagnosticHandler {
public:
  DiagnosticCollector(MLIRContext *context,
                      std::vector<TritonTLEDiagnostic> &diagnostics);
};

/// Lets the passes whose flags match the regular expression `filter` make
/// remarks in `context`, and gathers them. Fails, with what is wrong in
/// `error`, when `filter` is none.
LogicalResult collectRemarks(MLIRContext &context, StringRef filter,
                             std::vector<TritonTLEDiagnostic> &diagnostics,
                             std::string &error);

} // namespace mlir::triton

#endif // TRITON_TLE_LIB_NATIVE_DIAGNOSTICS_H
