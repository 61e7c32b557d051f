//===- TritonGPUOps.td - ops of dialect ttg -------------------------------===//

#ifndef TRITON_DIALECT_TRITONGPU_IR_TRITONGPUOPS_TD
#define TRITON_DIALECT_TRITONGPU_IR_TRITONGPUOPS_TD

include "triton/Dialect/TritonGPU/IR/TritonGPUOpBase.td"
include "triton/Dialect/TritonGPU/IR/TritonGPUMemDescOps.td"
include "triton/Dialect/TritonGPU/IR/TritonGPUWarpSpecializeOps.td"

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

def TTG_ConvertLayoutOp
    : TTG_Op<"convert_layout", [Pure, SameOperandsAndResultShape, SameOperandsAndResultElementType]> {
  let summary = "the same tensor in another layout";
  let arguments = (ins TT_Tensor:$src);
  let results = (outs TT_Tensor:$result);
  let assemblyFormat = "$src attr-dict `:` type($src) `->` type($result)";
  let hasVerifier = 1;
}

def TTG_Fp4ToFpOp : TTG_Op<"fp4_to_fp", [Pure]> {
  let summary = "unpacks pairs of e2m1 floats";
  let description = [{
    Each byte holds two neighbours along `axis`, the first in its low half.

        %f = ttg.fp4_to_fp %p {axis = 1 : i32} : tensor<64x32xi8, #a> -> tensor<64x64xbf16, #b>
  }];
  let arguments = (ins RankedTensorOf<[I8]>:$src, I32Attr:$axis);
  let results = (outs TT_FloatTensor:$result);
  let assemblyFormat = "$src attr-dict `:` type($src) `->` type($result)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Asynchronous copies
//===----------------------------------------------------------------------===//

def TTG_AsyncCopyGlobalToLocalOp : TTG_Op<"async_copy_global_to_local", [
    AttrSizedOperandSegments,
    OptionalTypesMatchWith<"the mask has the shape of the pointers", "src", "mask",
                           "::mlir::triton::getI1SameShape($_self)">,
    OptionalTypesMatchWith<"other has the pointee type of the pointers", "src", "other",
                           "::mlir::triton::getPointeeType($_self)">]> {
  let summary = "tt.load that lands in shared memory, later";
  let description = [{
    The data is there once an `ttg.async_wait` has waited for the group that the
    copy was committed to. `contiguity` promises that as many elements from an
    aligned start are contiguous and share a mask value.

        %t = ttg.async_copy_global_to_local %p, %buf mask %m other %o {contiguity = 8 : i32}
            : tensor<64x64x!tt.ptr<bf16>, #b> -> <64x64xbf16, #shared, #smem, mutable>
  }];
  let arguments = (ins
    Arg<TT_PtrTensor, "", [MemRead<TT_GlobalMemory>]>:$src,
    TTG_SharedWrite:$result,
    Optional<TT_BoolTensor>:$mask,
    Optional<TT_AnyType>:$other,
    DefaultValuedAttr<TT_CacheModifierAttr, "::mlir::triton::CacheModifier::NONE">:$cache,
    DefaultValuedAttr<TT_EvictionPolicyAttr, "::mlir::triton::EvictionPolicy::NORMAL">:$evict,
    DefaultValuedAttr<BoolAttr, "false">:$isVolatile,
    DefaultValuedAttr<I32Attr, "1">:$contiguity);
  let results = (outs TTG_AsyncToken:$token);
  let assemblyFormat = [{
    $src `,` $result (`mask` $mask^)? (`other` $other^)?
    oilist(`cacheModifier` `=` $cache | `evictionPolicy` `=` $evict)
    attr-dict `:` type($src) `->` type($result)
  }];
  let extraClassDeclaration = [{
    /// Whether cp.async moves that many bytes at once.
    static bool isLegalWidthInBytes(unsigned bytes) { return bytes == 4 || bytes == 8 || bytes == 16; }
  }];
  let hasVerifier = 1;
}

def TTG_AsyncCommitGroupOp : TTG_Op<"async_commit_group"> {
  let summary = "closes the group of asynchronous copies begun so far";
  let arguments = (ins Variadic<TTG_AsyncToken>:$inputTokens);
  let results = (outs TTG_AsyncToken:$asyncToken);
  let assemblyFormat = "(`tokens` $inputTokens^)? attr-dict";
}

def TTG_AsyncWaitOp : TTG_Op<"async_wait", [TTG_MemWait]> {
  let summary = "waits until at most `num` committed groups are under way";
  let arguments = (ins Variadic<TTG_AsyncToken>:$asyncToken, I32Attr:$num);
  let results = (outs TTG_AsyncToken:$retToken);
  let assemblyFormat = "($asyncToken^)? attr-dict";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Pieces of the software pipeliner
//===----------------------------------------------------------------------===//

def TTG_PredicateStageOp : TTG_Op<"predicate_stage", [Pure, AllTypesMatch<["iv", "ub", "step"]>]> {
  let summary = "whether a stage of a pipelined loop runs in this iteration";
  let arguments = (ins
    SignlessIntegerOrIndexLike:$iv, SignlessIntegerOrIndexLike:$ub, SignlessIntegerOrIndexLike:$step,
    I32Attr:$maxStage, I32Attr:$stage);
  let results = (outs I1:$result);
  let assemblyFormat = [{
    $iv `,` $ub `,` $step `maxStage` $maxStage `stage` $stage attr-dict `:` type($iv) `->` type($result)
  }];
}

def TTG_MaskOp : TTG_Op<"mask", [SingleBlock]> {
  let summary = "runs its region under a predicate";
  let arguments = (ins I1:$pred);
  let results = (outs Variadic<AnyType>:$result);
  let regions = (region SizedRegion<1>:$region);
}

def TTG_MaskReturnOp : TTG_Op<"mask.return", [HasParent<"MaskOp">, Pure, ReturnLike, Terminator]> {
  let summary = "ends the region of ttg.mask";
  let arguments = (ins Variadic<AnyType>:$result);
  let assemblyFormat = "$result attr-dict `:` type($result)";
}

//===----------------------------------------------------------------------===//
// The rest
//===----------------------------------------------------------------------===//

def TTG_GlobalScratchAllocOp : TTG_Op<"global_scratch_alloc"> {
  let summary = "global memory of this program's own";
  let arguments = (ins I32Attr:$nbytes, I32Attr:$alignment);
  let results = (outs Arg<TT_AnyPtr, "", [MemAlloc<TT_GlobalMemory>]>:$result);
  let assemblyFormat = "attr-dict `:` qualified(type($result))";
  let hasVerifier = 1;
}

def TTG_LocalBarrierOp : TTG_Op<"local_barrier"> {
  let summary = "all threads of the CTA (or partition) meet; shared-memory accesses before it are over";
  let assemblyFormat = "attr-dict";
}

#endif // TRITON_DIALECT_TRITONGPU_IR_TRITONGPUOPS_TD
