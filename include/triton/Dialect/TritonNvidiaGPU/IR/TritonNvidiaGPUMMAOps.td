//===- TritonNvidiaGPUMMAOps.td - matrix products of ttng -----------------===//

#ifndef TRITON_DIALECT_TRITONNVIDIAGPU_IR_TRITONNVIDIAGPUMMAOPS_TD
#define TRITON_DIALECT_TRITONNVIDIAGPU_IR_TRITONNVIDIAGPUMMAOPS_TD

include "triton/Dialect/TritonNvidiaGPU/IR/TritonNvidiaGPUOpBase.td"

//===----------------------------------------------------------------------===//
// Hopper: WGMMA
//===----------------------------------------------------------------------===//

def TTNG_WarpGroupDotOp : TTNG_Op<"warp_group_dot", [
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>, InferTypeOpAdaptor, TT_DotOpInterface,
    TypesMatchWith<"the result has the type of the accumulator", "d", "c", "$_self">]> {
  let summary = "matrix product of a warp group";
  let description = [{
    `d = a * b + c`, or `a * b` where `useC` is false. `b` is read from shared
    memory, `a` from there or from registers. With `isAsync` the result may be
    used only behind a `ttng.warp_group_dot_wait`.

    Example:

    ```mlir
    %d = ttng.warp_group_dot %a, %b, %c {inputPrecision = 0 : i32, isAsync = true}
        : !ttg.memdesc<64x64xf16, #shared, #smem> * !ttg.memdesc<64x128xf16, #shared1, #smem>
        -> tensor<64x128xf32, #mma>
    ```
  }];
  let arguments = (ins TTNG_TensorOrMemDesc:$a, TTG_MemDescType:$b, TT_FpIntTensor:$c, Optional<I1>:$useC,
                       DefaultValuedAttr<TT_InputPrecisionAttr, "::mlir::triton::InputPrecision::IEEE">:$inputPrecision,
                       DefaultValuedAttr<I32Attr, "0">:$maxNumImpreciseAcc,
                       DefaultValuedAttr<BoolAttr, "false">:$isAsync);
  let results = (outs TT_FpIntTensor:$d);
  let assemblyFormat = [{
    $a `,` $b `,` $c (`,` $useC^)? attr-dict `:` type($a) `*` qualified(type($b)) `->` type($d)
  }];
  let extraClassDeclaration = [{
    /// Whether products of fp8 must be summed up outside of the tensor cores
    /// now and then, because these keep too few bits.
    bool needsPartialAccumulator();
  }];
  let hasVerifier = 1;
}

def TTNG_WarpGroupDotWaitOp : TTNG_Op<"warp_group_dot_wait", [
    InferTypeOpAdaptor, AllTypesMatch<["inputs", "outputs"]>]> {
  let summary = "wait until few enough asynchronous warp group products run";
  let description = [{
    Afterwards at most `pendings` products are still running. `inputs` are what
    those that must be done by then produce or read: results pass through, so
    that their uses come behind the wait.

    Example: `%r:2 = ttng.warp_group_dot_wait %d, %a {pendings = 1 : i32} : tensor<64x128xf32, #mma>,
    !ttg.memdesc<64x64xf16, #shared, #smem>`
  }];
  let arguments = (ins Variadic<TTNG_TensorOrMemDesc>:$inputs, I32Attr:$pendings);
  let results = (outs Variadic<TTNG_TensorOrMemDesc>:$outputs);
  let assemblyFormat = "$inputs attr-dict `:` type($inputs)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Blackwell: tcgen05
//===----------------------------------------------------------------------===//

class TTNG_MMAv5Op<string mnemonic, Trait dotInterface>
    : TTNG_Op<mnemonic, [AttrSizedOperandSegments, dotInterface, TTNG_MMAv5OpInterface,
                         DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let results = (outs Optional<TTG_AsyncToken>:$token);
  let extraClassDeclaration = [{
    ::mlir::TypedValue<::mlir::triton::gpu::MemDescType> getAccumulator() { return getD(); }
    ::mlir::Value useAccumulator() { return getUseD(); }
    ::mlir::Value getPredicate() { return getPred(); }
    ::mlir::ValueRange getCompletionBarriers() { return getBarriers(); }
    ::mlir::ValueRange getCompletionBarrierPreds() { return getBarrierPreds(); }
    bool isAsync() { return getIsAsync(); }
  }];
}

def TTNG_TCGen5MMAOp : TTNG_MMAv5Op<"tc_gen5_mma", TT_DotOpInterface> {
  let summary = "matrix product in tensor memory";
  let description = [{
    `d = a * b + d`, or `a * b` where `useD` is false; nothing where `pred` is
    false. `d` lies in tensor memory, `b` in shared memory, `a` in either. Each
    barrier whose predicate holds is arrived on when the product is done; only an
    `is_async` product may have barriers. With `two_ctas` a pair of CTAs shares
    the work. Tokens, if there, order accesses to the accumulator.

    Example:

    ```mlir
    %t = ttng.tc_gen5_mma %a, %b, %d[%dep], %useD, %pred, %bar[%barPred] {is_async}
        : !ttg.memdesc<128x64xf16, #shared, #smem>, !ttg.memdesc<64x128xf16, #shared1, #smem>,
          !ttg.memdesc<128x128xf32, #tmem, #ttng.tensor_memory, mutable>,
          !ttg.memdesc<1xi64, #shared2, #smem, mutable>
    ```
  }];
  let arguments = (ins TTG_MemDescType:$a, TTG_MemDescType:$b, TTG_MemDescType:$d,
                       Optional<TTG_AsyncToken>:$acc_dep, I1:$useD, I1:$pred, Variadic<TTG_MemDescType>:$barriers,
                       Variadic<I1>:$barrier_preds, UnitAttr:$is_async, UnitAttr:$two_ctas, UnitAttr:$multicast,
                       UnitAttr:$is_unsigned);
  let assemblyFormat = [{
    $a `,` $b `,` $d `` custom<Token>($acc_dep, type($token)) `,` $useD `,` $pred ``
    custom<BarriersAndPreds>($barriers, $barrier_preds) attr-dict
    `:` qualified(type($a)) `,` qualified(type($b)) `,` qualified(type($d)) (`,` qualified(type($barriers))^)?
  }];
  let hasVerifier = 1;
}

def TTNG_TCGen5MMAScaledOp : TTNG_MMAv5Op<"tc_gen5_mma_scaled",
                                            DeclareOpInterfaceMethods<TT_DotOpInterface, ["verifyDims", "verifyOutputDims"]>> {
  let summary = "block-scaled matrix product in tensor memory";
  let description = [{
    As `ttng.tc_gen5_mma`, of operands whose blocks along K are multiplied by
    the scales in `a_scale` and `b_scale`; `lhs` and `rhs` name the formats of
    the elements, of which two of four bits share a byte.

    Example:

    ```mlir
    ttng.tc_gen5_mma_scaled %a, %b, %d, %sa, %sb, %useD, %pred lhs = e4m3 rhs = e2m1
        : !ttg.memdesc<128x128xf8E4M3FN, #shared, #smem>, !ttg.memdesc<64x128xi8, #shared1, #smem>,
          !ttg.memdesc<128x128xf32, #tmem, #ttng.tensor_memory, mutable>,
          !ttg.memdesc<128x4xi8, #tmem_scales, #ttng.tensor_memory>,
          !ttg.memdesc<128x4xi8, #tmem_scales, #ttng.tensor_memory>
    ```
  }];
  let arguments = (ins TTG_MemDescType:$a, TTG_MemDescType:$b, TTG_MemDescType:$d,
                       Optional<TTG_AsyncToken>:$acc_dep, TTG_MemDescType:$a_scale, TTG_MemDescType:$b_scale,
                       TT_ScaleDotElemTypeAttr:$a_type, TT_ScaleDotElemTypeAttr:$b_type, I1:$useD, I1:$pred,
                       Variadic<TTG_MemDescType>:$barriers, Variadic<I1>:$barrier_preds, UnitAttr:$is_async,
                       UnitAttr:$two_ctas);
  let assemblyFormat = [{
    $a `,` $b `,` $d `` custom<Token>($acc_dep, type($token)) `,` $a_scale `,` $b_scale `,` $useD `,` $pred
    `lhs` `=` $a_type `rhs` `=` $b_type `` custom<BarriersAndPreds>($barriers, $barrier_preds) attr-dict
    `:` qualified(type($a)) `,` qualified(type($b)) `,` qualified(type($d)) `,` qualified(type($a_scale)) `,`
    qualified(type($b_scale)) (`,` qualified(type($barriers))^)?
  }];
}

def TTNG_TCGen5CommitOp : TTNG_Op<"tc_gen5_commit"> {
  let summary = "let an mbarrier track all earlier tcgen05 ops";
  let description = [{
    When every asynchronous tcgen05 op that this thread issued before is done,
    `barrier` gets one arrival; commits complete in the order they were issued.

    Example: `ttng.tc_gen5_commit %bar, %pred : !ttg.memdesc<1xi64, #shared, #smem, mutable>`
  }];
  let arguments = (ins TTNG_SharedWrite:$barrier, Optional<I1>:$pred, UnitAttr:$two_ctas);
  let assemblyFormat = "$barrier (`,` $pred^)? attr-dict `:` qualified(type($barrier))";
}

#endif // TRITON_DIALECT_TRITONNVIDIAGPU_IR_TRITONNVIDIAGPUMMAOPS_TD
