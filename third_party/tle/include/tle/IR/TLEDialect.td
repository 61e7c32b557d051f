#ifndef TLE_DIALECT_TD
#define TLE_DIALECT_TD

include "mlir/IR/OpBase.td"

def TLE_Dialect : Dialect {
  let name = "tle";
  let cppNamespace = "::mlir::triton::tle";
  let summary = "Triton Language Extensions";
  let description = [{
    What a TLE kernel says beyond Triton: pointers into shared memory, views of
    shared tiles as WGMMA operands, ordering of shared operands, tiles of
    register tensors.

    The dialect lives between the first native pass (`triton-tle-raise-frontend`)
    and the point where the module goes back to the stock engine. By then every
    op of it has been lowered to `tt`, `ttg`, `ttng` and `arith`.
    Discardable attributes named `tle.*` may stay.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect",
    "::mlir::triton::TritonDialect",
    "::mlir::triton::gpu::TritonGPUDialect"
  ];
}

#endif // TLE_DIALECT_TD
