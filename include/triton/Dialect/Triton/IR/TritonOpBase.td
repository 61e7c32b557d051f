//===- TritonOpBase.td - what the ops of dialect tt share -----------------===//

#ifndef TRITON_DIALECT_TRITON_IR_TRITONOPBASE_TD
#define TRITON_DIALECT_TRITON_IR_TRITONOPBASE_TD

include "mlir/IR/OpBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "triton/Dialect/Triton/IR/TritonDialect.td"
include "triton/Dialect/Triton/IR/TritonEnums.td"
include "triton/Dialect/Triton/IR/TritonTypes.td"

// Verified in C++, see Traits.h.
def TT_TensorSize : NativeOpTrait<"TensorSizeTrait"> { let cppNamespace = "::mlir::OpTrait"; }
def TT_VerifyTensorLayouts : NativeOpTrait<"VerifyTensorLayoutsTrait"> { let cppNamespace = "::mlir::OpTrait"; }
def TT_SameOperandsEncoding : NativeOpTrait<"SameOperandsEncoding"> { let cppNamespace = "::mlir::OpTrait"; }
def TT_SameOperandsAndResultEncoding : NativeOpTrait<"SameOperandsAndResultEncoding"> {
  let cppNamespace = "::mlir::OpTrait";
}

// Return types that differ in spelling but place elements alike are accepted.
def TT_InferTensorType : InferTypeOpAdaptorBase<[{
  static bool isCompatibleReturnTypes(::mlir::TypeRange lhs, ::mlir::TypeRange rhs) {
    return lhs.size() == rhs.size() && ::llvm::all_of(::llvm::zip_equal(lhs, rhs), [](auto pair) {
      return ::mlir::OpTrait::impl::areTensorTypesEquivalent(std::get<0>(pair), std::get<1>(pair));
    });
  }
}]>;

def TT_GlobalMemory : Resource<"::mlir::triton::GlobalMemory">;

class TT_Op<string mnemonic, list<Trait> traits = []>
    : Op<Triton_Dialect, mnemonic, !listconcat(traits, [TT_TensorSize, TT_VerifyTensorLayouts])>;

#endif // TRITON_DIALECT_TRITON_IR_TRITONOPBASE_TD
