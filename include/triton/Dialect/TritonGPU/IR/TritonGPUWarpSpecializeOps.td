//===- TritonGPUWarpSpecializeOps.td - code for groups of warps -----------===//

#ifndef TRITON_DIALECT_TRITONGPU_IR_TRITONGPUWARPSPECIALIZEOPS_TD
#define TRITON_DIALECT_TRITONGPU_IR_TRITONGPUWARPSPECIALIZEOPS_TD

include "mlir/Interfaces/ControlFlowInterfaces.td"
include "triton/Dialect/TritonGPU/IR/TritonGPUOpBase.td"

def TTG_WarpSpecializeOp
    : TTG_Op<"warp_specialize", [RecursiveMemoryEffects, RecursivelySpeculatable,
                                 DeclareOpInterfaceMethods<RegionBranchOpInterface>]> {
  let summary = "runs regions on groups of warps at the same time";
  let description = [{
    The warps that arrive run the default region, which sees the values around
    it; each partition runs on warps of its own, sees the explicit captures
    only, and returns nothing. The op ends when all have.

        %0 = ttg.warp_specialize(%a) attributes {requestedRegisters = array<i32: 40>}
        default {
          ttg.warp_yield %x : i32
        }
        partition0(%arg0: i32) num_warps(4) {
          ttg.warp_return
        } : (i32) -> i32

    The second region only holds `ttg.warp_specialize.partitions`, because MLIR
    knows isolation from above for whole ops.
  }];
  let arguments = (ins
    Variadic<AnyType>:$explicitCaptures,
    DenseI32ArrayAttr:$partitionNumWarps,
    OptionalAttr<DenseI32ArrayAttr>:$warpGroupStartIds,
    OptionalAttr<DenseI32ArrayAttr>:$requestedRegisters,
    OptionalAttr<DenseI32ArrayAttr>:$actualRegisters);
  let results = (outs Variadic<AnyType>:$defaultPassthrough);
  let regions = (region MinSizedRegion<1>:$defaultRegion, SizedRegion<1>:$partitionOpHolder);
  let extraClassDeclaration = [{
    WarpSpecializePartitionsOp getPartitionOp();
    ::mlir::RegionRange getPartitionRegions();
    /// Warps of all partitions together.
    unsigned getTotalPartitionWarps();
  }];
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}

def TTG_WarpSpecializePartitionsOp
    : TTG_Op<"warp_specialize.partitions", [IsolatedFromAbove, RecursiveMemoryEffects, RecursivelySpeculatable,
                                            Terminator, HasParent<"WarpSpecializeOp">]> {
  let summary = "holds the partitions of ttg.warp_specialize";
  let regions = (region VariadicRegion<MinSizedRegion<1>>:$partitionRegions);
}

def TTG_WarpYieldOp
    : TTG_Op<"warp_yield", [Pure, Terminator, ReturnLike, HasParent<"WarpSpecializeOp">]> {
  let summary = "ends the default region with the results of ttg.warp_specialize";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^)? attr-dict (`:` type($values)^)?";
  let hasVerifier = 1;
}

def TTG_WarpReturnOp
    : TTG_Op<"warp_return", [Pure, Terminator, ReturnLike, HasParent<"WarpSpecializePartitionsOp">]> {
  let summary = "ends a partition";
  let assemblyFormat = "attr-dict";
}

#endif // TRITON_DIALECT_TRITONGPU_IR_TRITONGPUWARPSPECIALIZEOPS_TD
