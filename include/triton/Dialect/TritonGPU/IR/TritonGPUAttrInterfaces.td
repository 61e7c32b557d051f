//===- TritonGPUAttrInterfaces.td - what layouts have in common -----------===//

#ifndef TRITON_DIALECT_TRITONGPU_IR_TRITONGPUATTRINTERFACES_TD
#define TRITON_DIALECT_TRITONGPU_IR_TRITONGPUATTRINTERFACES_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/Interfaces.td"

class TTG_AttrInterface<string name> : AttrInterface<name> {
  let cppNamespace = "::mlir::triton::gpu";
}

def TTG_LayoutEncodingTrait : TTG_AttrInterface<"LayoutEncodingTrait"> {
  let description = "Any layout, of tensors or of buffers.";
  let methods = [
    InterfaceMethod<"How the CTAs of a cluster share the tensor.",
                    "::mlir::triton::gpu::CGAEncodingAttr", "getCGALayout">,
    InterfaceMethod<"The rank of the tensors it lays out.", "unsigned", "getRank">
  ];
}

def TTG_SharedEncodingTrait : TTG_AttrInterface<"SharedEncodingTrait"> {
  let description = "A layout of shared memory.";
  let methods = [
    InterfaceMethod<"Required alignment of the buffer in bytes.", "int32_t", "getAlignment">
  ];
}

def TTG_DistributedEncodingTrait : TTG_AttrInterface<"DistributedEncodingTrait"> {
  let description = "A layout over registers, lanes, warps and CTAs.";
  let methods = [
    InterfaceMethod<[{
      In which order the tile of the layout repeats over a larger tensor, the
      fastest dimension first.
    }], "::llvm::SmallVector<unsigned>", "getRepOrder">
  ];
}

def TTG_MmaEncodingTrait : TTG_AttrInterface<"MmaEncodingTrait"> {
  let description = "A layout of the results of tensor cores.";
  let methods = [
    InterfaceMethod<"getRepOrder for operand 0 or 1 of the product.", "::llvm::SmallVector<unsigned>",
                    "getRepOrderForOperand", (ins "int":$operandIndex)>
  ];
}

#endif // TRITON_DIALECT_TRITONGPU_IR_TRITONGPUATTRINTERFACES_TD
