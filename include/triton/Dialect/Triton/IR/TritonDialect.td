//===- TritonDialect.td - dialect tt --------------------------------------===//

#ifndef TRITON_DIALECT_TRITON_IR_TRITONDIALECT_TD
#define TRITON_DIALECT_TRITON_IR_TRITONDIALECT_TD

include "mlir/IR/OpBase.td"

def Triton_Dialect : Dialect {
  let name = "tt";
  let cppNamespace = "::mlir::triton";
  let summary = "Programs on tiles, before a layout is chosen";
  let description = [{
    Dialect `tt` in the textual format of Triton 3.6.0. Its values are scalars,
    pointers, tensor descriptors, and ranked tensors of those; arithmetic comes
    from `arith` and `math`, control flow from `scf` and `cf`.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect", "::mlir::math::MathDialect",
    "::mlir::scf::SCFDialect", "::mlir::ub::UBDialect"
  ];
  let extraClassDeclaration = [{
    void registerTypes();
    void registerOps();
  }];
  let hasConstantMaterializer = 1;
  let useDefaultTypePrinterParser = 1;
}

#endif // TRITON_DIALECT_TRITON_IR_TRITONDIALECT_TD
