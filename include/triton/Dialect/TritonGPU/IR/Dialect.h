//===- Dialect.h - dialect ttg ----------------------------------*- C++ -*-===//

#ifndef TRITON_DIALECT_TRITONGPU_IR_DIALECT_H
#define TRITON_DIALECT_TRITONGPU_IR_DIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Dialect.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "triton/Dialect/Triton/IR/Dialect.h"
#include "triton/Dialect/TritonGPU/IR/Attributes.h"
#include "triton/Dialect/TritonGPU/IR/LinearLayoutConversions.h"
#include "triton/Dialect/TritonGPU/IR/Traits.h"
#include "triton/Dialect/TritonGPU/IR/Types.h"

#include "triton/Dialect/TritonGPU/IR/TritonGPUDialect.h.inc"

namespace mlir::triton::gpu {

/// The memory that the threads of a CTA share.
struct SharedMemory : public SideEffects::Resource::Base<SharedMemory> {
  StringRef getName() final { return "<SharedMemory>"; }
};

//===----------------------------------------------------------------------===//
// What a module is laid out for
//===----------------------------------------------------------------------===//

inline constexpr char AttrNumWarpsName[] = "ttg.num-warps";
inline constexpr char AttrNumCTAsName[] = "ttg.num-ctas";
inline constexpr char AttrNumThreadsPerWarp[] = "ttg.threads-per-warp";
inline constexpr char AttrTargetName[] = "ttg.target";
inline constexpr char AttrMaxRegistersName[] = "ttg.maxnreg";

/// The number of warps that run `op`: that of the enclosing partition of a
/// warp specialization, else the module's. nullopt where neither says.
std::optional<int> maybeLookupNumWarps(Operation *op);
/// As above, 4 where nothing says.
int lookupNumWarps(Operation *op);
/// The module's; 1 where it does not say.
int lookupNumCTAs(Operation *op);
/// The module's; 32 where it does not say.
int lookupThreadsPerWarp(Operation *op);
/// 90 for a module whose target is "cuda:90"; nullopt for other targets.
std::optional<int> getComputeCapability(ModuleOp module);

//===----------------------------------------------------------------------===//
// Properties of layouts
//===----------------------------------------------------------------------===//

/// One element a thread, threads and warps along the last dimension first.
BlockedEncodingAttr getDefaultBlockedEncoding(MLIRContext *context,
                                              ArrayRef<int64_t> shape,
                                              int numWarps, int threadsPerWarp,
                                              int numCTAs);

/// The cluster part of a layout; null for an attribute that is none.
CGAEncodingAttr getCGALayout(Attribute layout);
SmallVector<unsigned> getCTASplitNum(Attribute layout);
unsigned getNumCTAs(Attribute layout);

/// The part of a tensor that one CTA holds. Where `shape` has more dimensions
/// than the layout, the leading ones are not split.
SmallVector<int64_t> getShapePerCTA(ArrayRef<unsigned> CTASplitNum,
                                    ArrayRef<int64_t> shape);
SmallVector<int64_t> getShapePerCTA(Attribute layout, ArrayRef<int64_t> shape);

/// Dimensions from the fastest: of the elements that a thread holds, or of the
/// contiguous direction of a buffer. Without a layout, and for layouts that say
/// nothing of it, the last dimension is the fastest.
SmallVector<unsigned> getOrder(Attribute layout, ArrayRef<int64_t> shape);
inline SmallVector<unsigned> getOrder(RankedTensorType type) {
  return getOrder(type.getEncoding(), type.getShape());
}
inline SmallVector<unsigned> getOrder(MemDescType type) {
  return getOrder(type.getEncoding(), type.getShape());
}

/// [rank-1, ..., 0] for row major; the two minor dimensions exchanged
/// otherwise.
SmallVector<unsigned> getMatrixOrder(unsigned rank, bool rowMajor);
/// The order in which operand `opIdx` has K (or not K) fastest.
SmallVector<unsigned> getOrderForDotOperand(unsigned opIdx, unsigned rank,
                                            bool kContig);

/// Elements of the tensor that a thread holds, copies counted.
unsigned getTotalElemsPerThread(Type type);
/// Elements of the tensor that a thread holds along each dimension.
SmallVector<unsigned> getElemsPerThread(RankedTensorType type);
/// Length of the runs of consecutive elements that a thread holds, by
/// dimension.
SmallVector<unsigned> getContigPerThread(RankedTensorType type);
/// Threads of a warp that hold different elements, by dimension.
SmallVector<unsigned> getThreadsPerWarp(RankedTensorType type);
/// Warps that hold different elements, by dimension.
SmallVector<unsigned> getWarpsPerCTA(RankedTensorType type);

/// Whether both place the elements of `shape` alike. Layouts without a linear
/// map are alike only if they are equal.
bool areLayoutsEquivalent(ArrayRef<int64_t> shape, Attribute lhs,
                          Attribute rhs);

/// Bytes of shared memory behind the allocation of `type`, paddings counted.
int64_t getAllocationSizeInBytes(MemDescType type);

//===----------------------------------------------------------------------===//
// Textual pieces other dialects share
//===----------------------------------------------------------------------===//

/// Reads the value of `CGALayout`; null `attr` means a single CTA. Reports and
/// returns null if it is none of rank `rank`.
CGAEncodingAttr parseCGALayout(AsmParser &parser, Attribute attr,
                               unsigned rank);
/// Prints `, CGALayout = [...]`; nothing for a single CTA.
void printCGALayout(AsmPrinter &printer, CGAEncodingAttr layout);

} // namespace mlir::triton::gpu

#define GET_OP_CLASSES
#include "triton/Dialect/TritonGPU/IR/TritonGPUOps.h.inc"

#endif // TRITON_DIALECT_TRITONGPU_IR_DIALECT_H
