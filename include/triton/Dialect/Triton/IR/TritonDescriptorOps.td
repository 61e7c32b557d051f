//===- TritonDescriptorOps.td - accesses through tensor descriptors -------===//

#ifndef TRITON_DIALECT_TRITON_IR_TRITONDESCRIPTOROPS_TD
#define TRITON_DIALECT_TRITON_IR_TRITONDESCRIPTOROPS_TD

include "triton/Dialect/Triton/IR/TritonOpBase.td"
include "triton/Dialect/Triton/IR/TritonOpInterfaces.td"

def TT_MakeTensorDescOp : TT_Op<"make_tensor_descriptor", [Pure, SameVariadicOperandSize]> {
  let summary = "descriptor of a strided tensor in global memory";
  let description = [{
    ```mlir
    %d = tt.make_tensor_descriptor %base, [%m, %n], [%stride, %one] : <f16>, <tensor<64x64xf16>>
    ```
  }];
  let arguments = (ins
    TT_AnyPtr:$base, Variadic<I32>:$shape, Variadic<I64>:$strides,
    DefaultValuedAttr<TT_PaddingOptionAttr, "::mlir::triton::PaddingOption::PAD_ZERO">:$padding);
  let results = (outs TT_TensorDescType:$result);
  let assemblyFormat = [{
    $base `,` `[` $shape `]` `,` `[` $strides `]` attr-dict `:` type($base) `,` type($result)
  }];
  let hasVerifier = 1;
}

def TT_DescriptorLoadOp : TT_Op<"descriptor_load", [TT_DescriptorLoadLikeOpInterface]> {
  let summary = "loads the block at the given indices";
  let arguments = (ins
    Arg<TT_TensorDescType, "", [MemRead<TT_GlobalMemory>]>:$desc, Variadic<I32>:$indices,
    DefaultValuedAttr<TT_CacheModifierAttr, "::mlir::triton::CacheModifier::NONE">:$cache,
    DefaultValuedAttr<TT_EvictionPolicyAttr, "::mlir::triton::EvictionPolicy::NORMAL">:$evict);
  let results = (outs TT_Tensor:$result);
  let assemblyFormat = [{
    $desc `[` $indices `]`
    oilist(`cacheModifier` `=` $cache | `evictionPolicy` `=` $evict)
    attr-dict `:` qualified(type($desc)) `->` type($result)
  }];
  let hasVerifier = 1;
}

class TT_DescriptorStoreLikeOp<string mnemonic> : TT_Op<mnemonic, [TT_DescriptorStoreLikeOpInterface]> {
  let hasVerifier = 1;
}

// A store reads the descriptor's memory too: the bytes of a box that the
// tensor's bounds cut off stay.
def TT_DescriptorStoreOp : TT_DescriptorStoreLikeOp<"descriptor_store"> {
  let summary = "stores a block at the given indices";
  let arguments = (ins
    Arg<TT_TensorDescType, "", [MemRead<TT_GlobalMemory>, MemWrite<TT_GlobalMemory>]>:$desc,
    TT_Tensor:$src, Variadic<I32>:$indices);
  let assemblyFormat = "$desc `[` $indices `]` `,` $src attr-dict `:` qualified(type($desc)) `,` type($src)";
}

def TT_DescriptorReduceOp : TT_DescriptorStoreLikeOp<"descriptor_reduce"> {
  let summary = "combines a block into memory, element by element";
  let arguments = (ins
    TT_DescriptorReduceKindAttr:$kind,
    Arg<TT_TensorDescType, "", [MemRead<TT_GlobalMemory>, MemWrite<TT_GlobalMemory>]>:$desc,
    TT_Tensor:$src, Variadic<I32>:$indices);
  let assemblyFormat = [{
    $kind `,` $desc `[` $indices `]` `,` $src attr-dict `:` qualified(type($desc)) `,` type($src)
  }];
}

def TT_DescriptorGatherOp : TT_Op<"descriptor_gather", [TT_DescriptorLoadLikeOpInterface]> {
  let summary = "loads rows by index, all from one column on";
  let description = "The descriptor's block is one row; the result has a row per index.";
  let arguments = (ins
    Arg<TT_TensorDescType, "", [MemRead<TT_GlobalMemory>]>:$desc, RankedTensorOf<[I32]>:$x_offsets, I32:$y_offset);
  let results = (outs TT_Tensor:$result);
  let assemblyFormat = "$desc `[` $x_offsets `,` $y_offset `]` attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def TT_DescriptorScatterOp : TT_DescriptorStoreLikeOp<"descriptor_scatter"> {
  let summary = "stores rows by index, all from one column on";
  let arguments = (ins
    Arg<TT_TensorDescType, "", [MemRead<TT_GlobalMemory>, MemWrite<TT_GlobalMemory>]>:$desc,
    RankedTensorOf<[I32]>:$x_offsets, I32:$y_offset, TT_Tensor:$src);
  let assemblyFormat = "$desc `[` $x_offsets `,` $y_offset `]` `,` $src attr-dict `:` type(operands)";
}

#endif // TRITON_DIALECT_TRITON_IR_TRITONDESCRIPTOROPS_TD
