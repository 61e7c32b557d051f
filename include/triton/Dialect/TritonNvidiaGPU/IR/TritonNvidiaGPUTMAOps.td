//===- TritonNvidiaGPUTMAOps.td - bulk tensor copies of ttng --------------===//

#ifndef TRITON_DIALECT_TRITONNVIDIAGPU_IR_TRITONNVIDIAGPUTMAOPS_TD
#define TRITON_DIALECT_TRITONNVIDIAGPU_IR_TRITONNVIDIAGPUTMAOPS_TD

include "triton/Dialect/TritonNvidiaGPU/IR/TritonNvidiaGPUOpBase.td"

def TTNG_AsyncTMACopyGlobalToLocalOp : TTNG_Op<"async_tma_copy_global_to_local"> {
  let summary = "copy a block of a described tensor into shared memory";
  let description = [{
    Starts the copy of the block at `coord` and returns; `barrier` learns of
    every byte that has arrived. Nothing happens where `pred` is false.

    Example:

    ```mlir
    ttng.async_tma_copy_global_to_local %desc[%x, %y] %buf, %bar, %pred
        : !tt.tensordesc<tensor<64x64xf16, #shared>>, !ttg.memdesc<1xi64, #shared1, #smem, mutable>
        -> !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
    ```
  }];
  let arguments = (ins TTNG_DescRead:$desc, Variadic<I32>:$coord, TTNG_SharedWrite:$barrier,
                       TTNG_SharedWrite:$result, I1:$pred,
                       DefaultValuedAttr<TT_CacheModifierAttr, "::mlir::triton::CacheModifier::NONE">:$cache,
                       DefaultValuedAttr<TT_EvictionPolicyAttr, "::mlir::triton::EvictionPolicy::NORMAL">:$evict,
                       DefaultValuedAttr<BoolAttr, "false">:$isVolatile);
  let assemblyFormat = [{
    $desc `[` $coord `]` $result `,` $barrier `,` $pred
    oilist(`cacheModifier` `=` $cache | `evictionPolicy` `=` $evict) attr-dict
    `:` qualified(type($desc)) `,` qualified(type($barrier)) `->` qualified(type($result))
  }];
  let hasVerifier = 1;
}

def TTNG_AsyncTMACopyLocalToGlobalOp : TTNG_Op<"async_tma_copy_local_to_global"> {
  let summary = "copy shared memory into a block of a described tensor";
  let description = [{
    `ttng.async_tma_store_wait` waits for it.

    Example:

    ```mlir
    ttng.async_tma_copy_local_to_global %desc[%x, %y] %buf
        : !tt.tensordesc<tensor<64x64xf16, #shared>>, !ttg.memdesc<64x64xf16, #shared, #smem, mutable>
    ```
  }];
  let arguments = (ins TTNG_DescReadWrite:$desc, Variadic<I32>:$coord, TTNG_SharedRead:$src);
  let assemblyFormat = [{
    $desc `[` $coord `]` $src attr-dict `:` qualified(type($desc)) `,` qualified(type($src))
  }];
  let hasVerifier = 1;
}

def TTNG_AsyncTMAReduceOp : TTNG_Op<"async_tma_reduce"> {
  let summary = "reduce shared memory into a block of a described tensor";
  let description = [{
    As the copy, but each element of global memory is combined with the new one
    by `kind`, atomically and without an order.

    Example:

    ```mlir
    ttng.async_tma_reduce add, %desc[%x, %y] %buf
        : !tt.tensordesc<tensor<64x64xf32, #shared>>, !ttg.memdesc<64x64xf32, #shared, #smem, mutable>
    ```
  }];
  let arguments = (ins TT_DescriptorReduceKindAttr:$kind, TTNG_DescReadWrite:$desc, Variadic<I32>:$coord,
                       TTNG_SharedRead:$src);
  let assemblyFormat = [{
    $kind `,` $desc `[` $coord `]` $src attr-dict `:` qualified(type($desc)) `,` qualified(type($src))
  }];
  let hasVerifier = 1;
}

def TTNG_AsyncTMAGatherOp : TTNG_Op<"async_tma_gather"> {
  let summary = "gather rows of a described matrix into shared memory";
  let description = [{
    Row i of `result` is columns `y_offset` on of row `x_offsets[i]`.

    Example:

    ```mlir
    ttng.async_tma_gather %desc[%rows, %y] %buf, %bar, %pred
        : !tt.tensordesc<tensor<1x64xf16, #shared>>, tensor<32xi32, #l>, i32,
          !ttg.memdesc<1xi64, #shared1, #smem, mutable>, !ttg.memdesc<32x64xf16, #shared, #smem, mutable>, i1
    ```
  }];
  let arguments = (ins TTNG_DescRead:$desc, RankedTensorOf<[I32]>:$x_offsets, I32:$y_offset,
                       TTNG_SharedWrite:$barrier, TTNG_SharedWrite:$result, I1:$pred);
  let assemblyFormat = [{
    $desc `[` $x_offsets `,` $y_offset `]` $result `,` $barrier `,` $pred attr-dict `:` type(operands)
  }];
  let hasVerifier = 1;
}

def TTNG_AsyncTMAScatterOp : TTNG_Op<"async_tma_scatter"> {
  let summary = "scatter rows of shared memory into a described matrix";
  let description = [{
    Row i of `src` goes to row `x_offsets[i]`, from column `y_offset` on.

    Example:

    ```mlir
    ttng.async_tma_scatter %desc[%rows, %y] %buf
        : !tt.tensordesc<tensor<1x64xf16, #shared>>, tensor<32xi32, #l>, i32,
          !ttg.memdesc<32x64xf16, #shared, #smem, mutable>
    ```
  }];
  let arguments = (ins TTNG_DescReadWrite:$desc, RankedTensorOf<[I32]>:$x_offsets, I32:$y_offset,
                       TTNG_SharedRead:$src);
  let assemblyFormat = "$desc `[` $x_offsets `,` $y_offset `]` $src attr-dict `:` type(operands)";
  let hasVerifier = 1;
}

def TTNG_TMAStoreWaitOp : TTNG_Op<"async_tma_store_wait"> {
  let summary = "wait until few enough TMA stores still read shared memory";
  let description = [{
    Afterwards at most `pendings` of this thread's stores, reductions and
    scatters have not read their source yet.

    Example: `ttng.async_tma_store_wait {pendings = 0 : i32}`
  }];
  let arguments = (ins I32Attr:$pendings);
  let assemblyFormat = "attr-dict";
}

//===----------------------------------------------------------------------===//
// Descriptors in global memory
//===----------------------------------------------------------------------===//

def TTNG_ReinterpretTensorDescOp : TTNG_Op<"reinterpret_tensor_descriptor", [Pure]> {
  let summary = "take the 128 bytes behind a pointer for a tensor descriptor";
  let description = [{
    Example:

    ```mlir
    %d = ttng.reinterpret_tensor_descriptor %p : !tt.ptr<i8> to !tt.tensordesc<tensor<64x64xf16, #shared>>
    ```
  }];
  let arguments = (ins TT_AnyPtr:$rawDesc);
  let results = (outs TT_TensorDescType:$result);
  let assemblyFormat = "$rawDesc attr-dict `:` qualified(type($rawDesc)) `to` qualified(type($result))";
}

def TTNG_TensormapCreateOp : TTNG_Op<"tensormap_create", [
    AttrSizedOperandSegments, MemoryEffects<[MemRead<TT_GlobalMemory>, MemWrite<TT_GlobalMemory>]>]> {
  let summary = "write a tensor descriptor to global memory";
  let description = [{
    The codes of `elem_type`, `interleave_layout`, `swizzle_mode` and `fill_mode`
    are those of the PTX instruction `tensormap.replace`. Strides are in bytes,
    one less than there are dimensions.

    Example:

    ```mlir
    ttng.tensormap_create %ws, %base, [%bx, %by], [%nx, %ny], [%sy], [%one, %one]
        {elem_type = 6 : i32, fill_mode = 0 : i32, interleave_layout = 0 : i32, swizzle_mode = 3 : i32}
        : (!tt.ptr<i8>, !tt.ptr<f16>, i32, i32, i32, i32, i64, i32, i32) -> ()
    ```
  }];
  let arguments = (ins TT_AnyPtr:$desc_ptr, TT_AnyPtr:$global_address, Variadic<I32>:$box_dim,
                       Variadic<I32>:$global_dim, Variadic<I64>:$global_stride, Variadic<I32>:$element_stride,
                       ConfinedAttr<I32Attr, [IntNonNegative, IntMaxValue<15>]>:$elem_type,
                       ConfinedAttr<I32Attr, [IntNonNegative, IntMaxValue<2>]>:$interleave_layout,
                       ConfinedAttr<I32Attr, [IntNonNegative, IntMaxValue<3>]>:$swizzle_mode,
                       ConfinedAttr<I32Attr, [IntNonNegative, IntMaxValue<1>]>:$fill_mode);
  let assemblyFormat = [{
    $desc_ptr `,` $global_address `,` `[` $box_dim `]` `,` `[` $global_dim `]` `,` `[` $global_stride `]` `,`
    `[` $element_stride `]` attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    int32_t getRank() { return getBoxDim().size(); }
  }];
  let hasVerifier = 1;
}

def TTNG_TensormapFenceproxyAcquireOp
    : TTNG_Op<"tensormap_fenceproxy_acquire", [MemoryEffects<[MemWrite<TT_GlobalMemory>]>]> {
  let summary = "make a descriptor that was written to global memory visible to TMA";
  let description = "Example: `ttng.tensormap_fenceproxy_acquire %ws : !tt.ptr<i8>`";
  let arguments = (ins TT_AnyPtr:$desc_ptr);
  let assemblyFormat = "$desc_ptr attr-dict `:` qualified(type($desc_ptr))";
}

#endif // TRITON_DIALECT_TRITONNVIDIAGPU_IR_TRITONNVIDIAGPUTMAOPS_TD
