//===- NVVMCompatOps.td - nvvm ops that MLIR 22.1 no longer has -----------===//

#ifndef TRITON_DIALECT_NVGPU_IR_NVVMCOMPATOPS_TD
#define TRITON_DIALECT_NVGPU_IR_NVVMCOMPATOPS_TD

include "mlir/Dialect/LLVMIR/LLVMOpBase.td"
include "mlir/IR/OpBase.td"

// Stands for the dialect that MLIR itself defines: nothing is generated of it.
def NVVMCompat_Dialect : Dialect {
  let name = "nvvm";
  let cppNamespace = "::mlir::triton::nvvm_compat";
}

def NVVMCompat_CpAsyncMBarrierArriveSharedOp : Op<NVVMCompat_Dialect, "cp.async.mbarrier.arrive.shared"> {
  let summary = "arrive on an mbarrier when this thread's earlier cp.async copies are done";
  let description = [{
    MLIR 22.1 spells it `nvvm.cp.async.mbarrier.arrive` on a shared pointer; the
    LLVM that stock Triton 3.6.0 embeds has both.

    Example: `nvvm.cp.async.mbarrier.arrive.shared %bar {noinc = true} : !llvm.ptr<3>`
  }];
  let arguments = (ins LLVM_PointerInAddressSpace<3>:$addr, DefaultValuedAttr<I1Attr, "false">:$noinc);
  let assemblyFormat = "$addr attr-dict `:` qualified(type($addr))";
}

#endif // TRITON_DIALECT_NVGPU_IR_NVVMCOMPATOPS_TD
