//===- Passes.td - what analyses know, made visible -----------------------===//
//
// For tests and for looking inside; no pipeline runs them.
//
//===----------------------------------------------------------------------===//

#ifndef TRITON_ANALYSIS_PASSES_TD
#define TRITON_ANALYSIS_PASSES_TD

include "mlir/Pass/PassBase.td"

def TestPrintAxisInfo : Pass<"test-print-axis-info", "::mlir::ModuleOp"> {
  let summary = "say at each op what is known of its result along each dimension";
  let description = [{
    A remark for each result that is an integer, a pointer or a tensor of them:

    ```mlir
    %r = tt.make_range {start = 64 : i32, end = 128 : i32} : tensor<64xi32>
    // remark: result 0: contiguity = [64], divisibility = [64], constancy = [1], non-negative
    ```

    Arguments of functions and of regions are printed at the op that holds them,
    as `region 0 block 0 argument 1: ...`.
  }];
}

def TestProbeAxisInfo : Pass<"test-probe-axis-info", "::mlir::ModuleOp"> {
  let summary = "store through every pointer, with the vector that the analysis allows";
  let description = [{
    Behind each `tt.load` and before each `tt.store` of a tensor of pointers
    stands a new store of zeros through the same pointers. Its attribute
    `test.vector` is the number of elements that fit into 16 bytes and that the
    analysis finds contiguous and aligned along the dimension of the longest
    runs, `test.dim`; masks are left out. What stock's `tritongpu-coalesce`
    gives a thread of such a store is the same number as stock's own analysis
    sees it.

    ```mlir
    %v = tt.load %p : tensor<64x!tt.ptr<f16>, #b>
    // becomes
    %v = tt.load %p : tensor<64x!tt.ptr<f16>, #b>
    tt.store %p, %zero {test.dim = 0 : i32, test.vector = 8 : i32} : tensor<64x!tt.ptr<f16>, #b>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

#endif // TRITON_ANALYSIS_PASSES_TD
