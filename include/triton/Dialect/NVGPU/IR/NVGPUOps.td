//===- NVGPUOps.td - ops of dialect nvg -----------------------------------===//

#ifndef TRITON_DIALECT_NVGPU_IR_NVGPUOPS_TD
#define TRITON_DIALECT_NVGPU_IR_NVGPUOPS_TD

include "mlir/Dialect/LLVMIR/LLVMOpBase.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "triton/Dialect/NVGPU/IR/NVGPUDialect.td"
include "triton/Dialect/NVGPU/IR/NVGPUEnums.td"

class NVGPU_Op<string mnemonic, list<Trait> traits = []> : LLVM_OpBase<NVGPU_Dialect, mnemonic, traits>;

def NVGPU_GlobalPtr : LLVM_PointerInAddressSpace<1>;
def NVGPU_TensorMemoryPtr : LLVM_PointerInAddressSpace<6>;
def NVGPU_WGMMAOperand : AnyTypeOf<[LLVM_AnyStruct, I64], "struct of registers or shared-memory descriptor">;
def NVGPU_Scalar : AnyTypeOf<[I1, I8, I16, I32, I64, F8E4M3FN, F8E4M3FNUZ, F8E5M2, F8E5M2FNUZ, F16, BF16, F32, F64],
                             "integer or floating-point">;

def NVGPU_WGMMAOp : NVGPU_Op<"wgmma"> {
  let summary = "one wgmma.mma_async instruction";
  let description = [{
    `res = opA * opB + opC`, of shape m x n x k; where `useC` is false the
    accumulator counts as zero. `opA` is a descriptor or a struct of registers,
    `opB` a descriptor. It runs asynchronously: `nvvm.wgmma.fence.aligned` stands
    before the first of a group, `nvvm.wgmma.commit.group.sync.aligned` behind
    the last.

    Example:

    ```mlir
    %d = nvg.wgmma %descA, %descB, %true, %c {eltTypeA = 4 : i32, eltTypeB = 4 : i32, eltTypeC = 7 : i32,
        k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32}
        : (i64, i64, i1, !llvm.struct<(f32, f32, f32, f32)>) -> !llvm.struct<(f32, f32, f32, f32)>
    ```
  }];
  let arguments = (ins NVGPU_WGMMAOperand:$opA, NVGPU_WGMMAOperand:$opB, I1:$useC, Optional<LLVM_AnyStruct>:$opC,
                       I32Attr:$m, I32Attr:$n, I32Attr:$k, NVGPU_WGMMAEltTypeAttr:$eltTypeC,
                       NVGPU_WGMMAEltTypeAttr:$eltTypeA, NVGPU_WGMMAEltTypeAttr:$eltTypeB,
                       NVGPU_WGMMALayoutAttr:$layoutA, NVGPU_WGMMALayoutAttr:$layoutB);
  let results = (outs LLVM_AnyStruct:$res);
  let assemblyFormat = [{
    $opA `,` $opB `,` $useC (`,` $opC^)? attr-dict `:` functional-type(operands, $res)
  }];
  let hasVerifier = 1;
}

def NVGPU_WGMMAWaitGroupOp : NVGPU_Op<"wgmma_wait_group", [AllTypesMatch<["input", "output"]>]> {
  let summary = "wait until few enough WGMMA groups run";
  let description = [{
    Afterwards at most `pendings` groups of this warp group are running. The
    struct passes through, so that uses of the registers come behind the wait.

    Example: `%r = nvg.wgmma_wait_group %d {pendings = 0 : i32} : !llvm.struct<(f32, f32, f32, f32)>`
  }];
  let arguments = (ins LLVM_AnyStruct:$input, I32Attr:$pendings);
  let results = (outs LLVM_AnyStruct:$output);
  let assemblyFormat = "$input attr-dict `:` type($input)";
}

def NVGPU_ClusterCTAIdOp : NVGPU_Op<"cluster_id", [Pure]> {
  let summary = "rank of this CTA in its cluster";
  let description = "Example: `%r = nvg.cluster_id`";
  let results = (outs I32:$result);
  let assemblyFormat = "attr-dict";
}

def NVGPU_WarpIdOp : NVGPU_Op<"warp_id", [Pure]> {
  let summary = "index of this warp in its CTA";
  let description = [{
    The lowering broadcasts lane 0's value so that LLVM knows it to be the same
    in the whole warp, unless `omitUniformHint` is there.

    Example: `%w = nvg.warp_id {omitUniformHint}`
  }];
  let arguments = (ins UnitAttr:$omitUniformHint);
  let results = (outs I32:$result);
  let assemblyFormat = "attr-dict";
}

def NVGPU_LoadAcquireOp : NVGPU_Op<"ld_acquire", [MemoryEffects<[MemRead]>]> {
  let summary = "load from global memory with a memory order";
  let description = [{
    Where `mask` is false nothing is read and the result is undefined.

    Example: `%v = nvg.ld_acquire acquire, gpu, %ptr, %mask : (!llvm.ptr<1>) -> i32`
  }];
  let arguments = (ins NVGPU_GlobalPtr:$addr, Optional<I1>:$mask, NVGPU_MemSemanticAttr:$sem,
                       NVGPU_MemSyncScopeAttr:$scope);
  let results = (outs NVGPU_Scalar:$result);
  let assemblyFormat = [{
    $sem `,` $scope `,` $addr (`,` $mask^)? attr-dict `:` functional-type($addr, $result)
  }];
}

def NVGPU_TensorMemoryBaseOp : NVGPU_Op<"tensor_memory_base", [Pure]> {
  let summary = "where this CTA's tensor memory starts";
  let description = "Example: `%p = nvg.tensor_memory_base`";
  let results = (outs NVGPU_TensorMemoryPtr:$result);
  let assemblyFormat = "attr-dict";
}

#endif // TRITON_DIALECT_NVGPU_IR_NVGPUOPS_TD
