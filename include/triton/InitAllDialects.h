//===- InitAllDialects.h - what every tool registers ------------*- C++ -*-===//

#ifndef TRITON_INITALLDIALECTS_H
#define TRITON_INITALLDIALECTS_H

namespace mlir {
class DialectRegistry;

namespace triton {

/// All dialects that may stand in a module of any stage, ours and MLIR's.
void registerTritonTLEDialects(DialectRegistry &registry);

/// All passes and pass pipelines of this project, and MLIR's canonicalize,
/// cse, symbol-dce, sccp, inline and loop-invariant-code-motion.
void registerTritonTLEPasses();

/// Those dialects; the first call registers the passes, too.
const DialectRegistry &getTritonTLERegistry();

} // namespace triton
} // namespace mlir

#endif // TRITON_INITALLDIALECTS_H
