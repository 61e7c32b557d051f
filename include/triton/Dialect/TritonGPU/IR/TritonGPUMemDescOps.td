//===- TritonGPUMemDescOps.td - buffers and views of them -----------------===//

#ifndef TRITON_DIALECT_TRITONGPU_IR_TRITONGPUMEMDESCOPS_TD
#define TRITON_DIALECT_TRITONGPU_IR_TRITONGPUMEMDESCOPS_TD

include "triton/Dialect/TritonGPU/IR/TritonGPUOpBase.td"

//===----------------------------------------------------------------------===//
// Allocation and access
//===----------------------------------------------------------------------===//

def TTG_LocalAllocOp : TTG_Op<"local_alloc", [DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "a buffer in shared memory";
  let description = [{
    With a source the buffer starts out with its elements and may be immutable;
    without one it must be mutable. It lives until its last use or its
    `ttg.local_dealloc`.

        %a = ttg.local_alloc : () -> !ttg.memdesc<2x64x64xf16, #shared, #smem, mutable>
        %b = ttg.local_alloc %x : (tensor<64x64xf16, #b>) -> !ttg.memdesc<64x64xf16, #shared, #smem>
  }];
  let arguments = (ins Optional<TT_Tensor>:$src, OptionalAttr<I32Attr>:$alignment);
  let results = (outs TTG_MemDescType:$result);
  let builders = [
    OpBuilder<(ins "::mlir::Type":$result), [{ build($_builder, $_state, result, ::mlir::Value(), {}); }]>,
    OpBuilder<(ins "::mlir::Type":$result, "::mlir::Value":$src),
              [{ build($_builder, $_state, result, src, {}); }]>
  ];
  let assemblyFormat = "($src^)? attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = [{
    bool isSharedMemoryAlloc() {
      return ::mlir::isa_and_nonnull<SharedMemorySpaceAttr>(getType().getMemorySpace());
    }
    /// The attribute, else what the layout asks for. In bytes.
    int32_t getAlignmentOrDefault();
  }];
  let hasVerifier = 1;
}

def TTG_LocalDeallocOp : TTG_Op<"local_dealloc"> {
  let summary = "ends the life of a buffer";
  let arguments = (ins TTG_SharedFree:$src);
  let assemblyFormat = "$src attr-dict `:` qualified(type($src))";
}

def TTG_LocalLoadOp : TTG_Op<"local_load", [TTG_LocalLoad]> {
  let summary = "reads a buffer into a tensor";
  let description = [{
    The token, if there, is that of the wait after which the data has arrived.

        %x = ttg.local_load %b token %t : !ttg.memdesc<64x64xf16, #shared, #smem, mutable> -> tensor<64x64xf16, #l>
  }];
  let arguments = (ins TTG_SharedRead:$src, Optional<TTG_AsyncToken>:$token);
  let results = (outs TT_Tensor:$result);
  let builders = [
    OpBuilder<(ins "::mlir::Type":$result, "::mlir::Value":$src),
              [{ build($_builder, $_state, result, src, ::mlir::Value()); }]>
  ];
  let assemblyFormat = "$src (`token` $token^)? attr-dict `:` qualified(type($src)) `->` type($result)";
  let hasVerifier = 1;
}

def TTG_LocalStoreOp : TTG_Op<"local_store"> {
  let summary = "writes a tensor into a buffer";
  let arguments = (ins TT_Tensor:$src, TTG_SharedWrite:$dst);
  let assemblyFormat = "$src `,` $dst attr-dict `:` type($src) `->` qualified(type($dst))";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Views. None touches memory; the result describes (a part of) the same bytes.
//===----------------------------------------------------------------------===//

class TTG_MemDescViewOp<string mnemonic, list<Trait> traits = []>
    : TTG_Op<mnemonic, !listconcat([Pure, TTG_MemDescView], traits)>;

def TTG_MemDescIndexOp : TTG_MemDescViewOp<"memdesc_index"> {
  let summary = "one of the copies that the leading dimension counts";
  let description = [{
        %s = ttg.memdesc_index %b[%i] : !ttg.memdesc<3x64x64xf16, #shared, #smem, mutable>
            -> !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
  }];
  let arguments = (ins TTG_MemDescType:$src, I32:$index);
  let results = (outs TTG_MemDescType:$result);
  let assemblyFormat = [{
    $src `[` $index `]` attr-dict `:` qualified(type($src)) `->` qualified(type($result))
  }];
  let hasVerifier = 1;
}

def TTG_MemDescSubsliceOp : TTG_MemDescViewOp<"memdesc_subslice"> {
  let summary = "a box of a buffer, at a static offset";
  let description = [{
    The allocation shape of the result is that of the source.

        %s = ttg.memdesc_subslice %b[32, 0] : !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
            -> !ttg.memdesc<32x64xf16, #shared, #smem, mutable, 64x64>
  }];
  let arguments = (ins TTG_MemDescType:$src, DenseI32ArrayAttr:$offsets);
  let results = (outs TTG_MemDescType:$result);
  let builders = [
    OpBuilder<(ins "::mlir::Value":$src, "::llvm::ArrayRef<int32_t>":$offsets,
                   "::llvm::ArrayRef<int64_t>":$shape)>
  ];
  let assemblyFormat = [{
    $src `[` custom<Offsets>($offsets) `]` attr-dict `:` qualified(type($src)) `->` qualified(type($result))
  }];
  let hasVerifier = 1;
}

def TTG_MemDescTransOp
    : TTG_MemDescViewOp<"memdesc_trans", [TT_TransposeOpInterface, SameOperandsAndResultElementType,
                                          InferTypeOpAdaptorWithIsCompatible]> {
  let summary = "a buffer with its dimensions permuted";
  let description = [{
    Result dimension i is source dimension order[i]; the layout turns along.

        %t = ttg.memdesc_trans %b {order = array<i32: 1, 0>} : !ttg.memdesc<64x32xf16, #shared, #smem>
            -> !ttg.memdesc<32x64xf16, #shared1, #smem>
  }];
  let arguments = (ins TTG_MemDescType:$src, DenseI32ArrayAttr:$order);
  let results = (outs TTG_MemDescType:$result);
  let assemblyFormat = "$src attr-dict `:` qualified(type($src)) `->` qualified(type($result))";
  let hasFolder = 1;
}

def TTG_MemDescReshapeOp : TTG_MemDescViewOp<"memdesc_reshape", [SameOperandsAndResultElementType]> {
  let summary = "a buffer of another shape over the same elements in row-major order";
  let arguments = (ins TTG_MemDescType:$src);
  let results = (outs TTG_MemDescType:$result);
  let assemblyFormat = "$src attr-dict `:` qualified(type($src)) `->` qualified(type($result))";
  let extraClassDeclaration = [{
    /// The type of `source` seen as `shape`; reports at `loc` where the layout
    /// has no such view.
    static ::mlir::FailureOr<MemDescType> inferType(MemDescType source, ::llvm::ArrayRef<int64_t> shape,
                                                    std::optional<::mlir::Location> loc);
  }];
  let hasVerifier = 1;
}

def TTG_MemDescReinterpretOp : TTG_MemDescViewOp<"memdesc_reinterpret"> {
  let summary = "the bytes of a buffer under another shape, element type and layout";
  let arguments = (ins TTG_MemDescType:$src);
  let results = (outs TTG_MemDescType:$result);
  let assemblyFormat = "$src attr-dict `:` qualified(type($src)) `->` qualified(type($result))";
  let hasVerifier = 1;
}

#endif // TRITON_DIALECT_TRITONGPU_IR_TRITONGPUMEMDESCOPS_TD
