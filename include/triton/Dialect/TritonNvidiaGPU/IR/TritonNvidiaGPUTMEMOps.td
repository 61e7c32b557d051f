//===- TritonNvidiaGPUTMEMOps.td - tensor memory ops of ttng --------------===//

#ifndef TRITON_DIALECT_TRITONNVIDIAGPU_IR_TRITONNVIDIAGPUTMEMOPS_TD
#define TRITON_DIALECT_TRITONNVIDIAGPU_IR_TRITONNVIDIAGPUTMEMOPS_TD

include "triton/Dialect/TritonNvidiaGPU/IR/TritonNvidiaGPUOpBase.td"

// Tokens tie accesses to one buffer together: an op reads the token of the
// access before it (`[%dep]`) and returns its own. `[]` is a token without a
// predecessor.

def TTNG_TMEMAllocOp : TTNG_Op<"tmem_alloc", [DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "allocate tensor memory";
  let description = [{
    With `src` the buffer starts with its values; without `mutable` in its type
    it keeps them.

    Example:

    ```mlir
    %buf, %tok = ttng.tmem_alloc : () -> (!ttg.memdesc<128x64xf32, #tmem, #ttng.tensor_memory, mutable>,
                                          !ttg.async.token)
    ```
  }];
  let arguments = (ins Optional<TT_Tensor>:$src);
  let results = (outs TTG_MemDescType:$result, Optional<TTG_AsyncToken>:$token);
  let assemblyFormat = "($src^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def TTNG_TMEMLoadOp : TTNG_Op<"tmem_load"> {
  let summary = "read tensor memory into registers";
  let description = [{
    The hardware fixes which thread reads what, so `result` must have one of few
    layouts.

    Example:

    ```mlir
    %v, %tok = ttng.tmem_load %buf[%dep]
        : !ttg.memdesc<128x64xf32, #tmem, #ttng.tensor_memory, mutable> -> tensor<128x64xf32, #linear>
    ```
  }];
  let arguments = (ins TTNG_TensorMemRead:$src, Optional<TTG_AsyncToken>:$dep);
  let results = (outs TT_Tensor:$result, Optional<TTG_AsyncToken>:$token);
  let assemblyFormat = [{
    $src `` custom<Token>($dep, type($token)) attr-dict `:` qualified(type($src)) `->` type($result)
  }];
  let hasVerifier = 1;
}

def TTNG_TMEMStoreOp : TTNG_Op<"tmem_store"> {
  let summary = "write registers to tensor memory";
  let description = [{
    Nothing is written where `pred` is false. Layouts as in `ttng.tmem_load`.

    Example:

    ```mlir
    %tok = ttng.tmem_store %v, %buf[%dep], %pred
        : tensor<128x64xf32, #linear> -> !ttg.memdesc<128x64xf32, #tmem, #ttng.tensor_memory, mutable>
    ```
  }];
  let arguments = (ins TTNG_TensorMemWrite:$dst, Optional<TTG_AsyncToken>:$dep, TT_Tensor:$src, I1:$pred);
  let results = (outs Optional<TTG_AsyncToken>:$token);
  let assemblyFormat = [{
    $src `,` $dst `` custom<Token>($dep, type($token)) `,` $pred attr-dict
    `:` type($src) `->` qualified(type($dst))
  }];
  let hasVerifier = 1;
}

def TTNG_TMEMSubSliceOp : TTNG_Op<"tmem_subslice", [Pure]> {
  let summary = "view of some columns of a tensor memory buffer";
  let description = [{
    The view starts at column `N`; its type says how many columns it has.

    Example:

    ```mlir
    %half = ttng.tmem_subslice %buf {N = 32 : i32}
        : !ttg.memdesc<128x64xf32, #tmem, #ttng.tensor_memory, mutable>
        -> !ttg.memdesc<128x32xf32, #tmem, #ttng.tensor_memory, mutable, 128x64>
    ```
  }];
  let arguments = (ins TTG_MemDescType:$src, I32Attr:$N);
  let results = (outs TTG_MemDescType:$result);
  let assemblyFormat = "$src attr-dict `:` qualified(type($src)) `->` qualified(type($result))";
  let hasVerifier = 1;
}

def TTNG_TMEMCopyOp : TTNG_Op<"tmem_copy"> {
  let summary = "copy shared memory to tensor memory, asynchronously";
  let description = [{
    Into scales (`#ttng.tensor_memory_scales_encoding`) each block of 32 rows is
    repeated for the four warps. `barrier`, if there, is arrived on when the copy
    is done.

    Example:

    ```mlir
    ttng.tmem_copy %src, %dst, %bar : !ttg.memdesc<128x16xi8, #shared, #smem>,
        !ttg.memdesc<128x16xi8, #tmem_scales, #ttng.tensor_memory, mutable>,
        !ttg.memdesc<1xi64, #shared1, #smem, mutable>
    ```
  }];
  let arguments = (ins TTNG_SharedRead:$src, TTNG_TensorMemWrite:$dst, Optional<TTG_MemDescType>:$barrier);
  let assemblyFormat = "$src `,` $dst (`,` $barrier^)? attr-dict `:` qualified(type(operands))";
  let hasVerifier = 1;
}

#endif // TRITON_DIALECT_TRITONNVIDIAGPU_IR_TRITONNVIDIAGPUTMEMOPS_TD
