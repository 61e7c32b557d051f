//===- TritonNvidiaGPUAttrs.td - attributes of dialect ttng ---------------===//

#ifndef TRITON_DIALECT_TRITONNVIDIAGPU_IR_TRITONNVIDIAGPUATTRS_TD
#define TRITON_DIALECT_TRITONNVIDIAGPU_IR_TRITONNVIDIAGPUATTRS_TD

include "mlir/IR/AttrTypeBase.td"
include "triton/Dialect/TritonNvidiaGPU/IR/TritonNvidiaGPUDialect.td"

class TTNG_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<TritonNvidiaGPU_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

def TTNG_TensorMemorySpaceAttr : TTNG_Attr<"TensorMemorySpace", "tensor_memory"> {
  let summary = "memory space of a memdesc that lives in tensor memory";
  let description = [{
    Tensor memory is private to a CTA: 128 rows of 512 columns of 32 bits.

    Example: `!ttg.memdesc<128x64xf32, #tmem, #ttng.tensor_memory, mutable>`
  }];
}

def TTNG_TensorMemoryEncodingAttr : TTNG_Attr<"TensorMemoryEncoding", "tensor_memory_encoding"> {
  let summary = "how an MMA operand or accumulator lies in tensor memory";
  let description = [{
    The tensor is cut into blocks of `blockM` x `blockN`, laid along M first and
    along N then. A block of 64 rows takes half of the 128 rows of tensor
    memory. `colStride` counts the elements from one column to the next (1: packed);
    `CTASplitM` and `CTASplitN` say how many CTAs of a cluster share each
    dimension, `twoCTAs` that pairs of CTAs hold one operand (`cta_group::2`).

    Example: `#ttng.tensor_memory_encoding<blockM = 128, blockN = 64, colStride = 1>`
  }];
  let parameters = (ins
    "unsigned":$blockM,
    "unsigned":$blockN,
    "unsigned":$colStride,
    DefaultValuedParameter<"unsigned", "1">:$CTASplitM,
    DefaultValuedParameter<"unsigned", "1">:$CTASplitN,
    DefaultValuedParameter<"bool", "false">:$twoCTAs);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def TTNG_TensorMemoryScalesEncodingAttr : TTNG_Attr<"TensorMemoryScalesEncoding", "tensor_memory_scales_encoding"> {
  let summary = "how the scales of a block-scaled MMA lie in tensor memory";
  let description = [{
    Scales come in blocks of 32 rows x 4 columns of 4 bytes, each block repeated
    for the four warps so that it fills the 128 rows.

    Example: `#ttng.tensor_memory_scales_encoding<>`
  }];
  let parameters = (ins
    DefaultValuedParameter<"unsigned", "1">:$CTASplitM,
    DefaultValuedParameter<"unsigned", "1">:$CTASplitN);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

#endif // TRITON_DIALECT_TRITONNVIDIAGPU_IR_TRITONNVIDIAGPUATTRS_TD
