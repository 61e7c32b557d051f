//===- TritonOpInterfaces.td - interfaces of dialect tt -------------------===//

#ifndef TRITON_DIALECT_TRITON_IR_TRITONOPINTERFACES_TD
#define TRITON_DIALECT_TRITON_IR_TRITONOPINTERFACES_TD

include "mlir/IR/OpBase.td"

class TT_OpInterface<string name, list<Interface> bases = []> : OpInterface<name, bases> {
  let cppNamespace = "::mlir::triton";
}

def TT_TransposeOpInterface : TT_OpInterface<"TransposeOpInterface"> {
  let description = "An op that permutes the dimensions of its source.";
  let methods = [
    InterfaceMethod<"The value whose dimensions are permuted.", "::mlir::Value", "getSrc">,
    InterfaceMethod<"Result dimension i is source dimension order[i].", "::llvm::ArrayRef<int32_t>", "getOrder">
  ];
  let verify = [{ return ::mlir::triton::impl::verifyTransposeOpInterface($_op); }];
}

def TT_DotOpInterface : TT_OpInterface<"DotOpInterface"> {
  let description = [{
    A matrix product d = a * b + c over the two minor dimensions. The
    accumulator c is operand 2.
  }];
  let methods = [
    InterfaceMethod<"The left factor, [..., M, K].", "::mlir::Value", "getA">,
    InterfaceMethod<"The right factor, [..., K, N].", "::mlir::Value", "getB">,
    InterfaceMethod<"The product, [..., M, N].", "::mlir::Value", "getD">,
    InterfaceMethod<"Whether the K of a and that of b agree.", "bool", "verifyDims", (ins), [{}], [{
      return ::mlir::triton::impl::dotReductionDimsAgree($_op.getA(), $_op.getB());
    }]>,
    InterfaceMethod<"Whether c has the M of a and the N of b.", "bool", "verifyOutputDims", (ins), [{}], [{
      return ::mlir::triton::impl::dotOutputDimsAgree($_op.getA(), $_op.getB(), $_op->getOperand(2));
    }]>
  ];
  let verify = [{ return ::mlir::triton::impl::verifyDotOpInterface($_op); }];
}

def TT_DescriptorOpInterface : TT_OpInterface<"DescriptorOpInterface"> {
  let description = "An access through a tensor descriptor.";
  let methods = [
    InterfaceMethod<"The descriptor.", "::mlir::TypedValue<::mlir::triton::TensorDescType>", "getDesc">
  ];
}

def TT_DescriptorStoreLikeOpInterface
    : TT_OpInterface<"DescriptorStoreLikeOpInterface", [TT_DescriptorOpInterface]> {
  let description = "A write through a tensor descriptor.";
  let methods = [
    InterfaceMethod<"The tensor to write.", "::mlir::TypedValue<::mlir::RankedTensorType>", "getSrc">,
    InterfaceMethod<"The operand that holds the tensor.", "::mlir::OpOperand &", "getSrcMutable">
  ];
}

def TT_DescriptorLoadLikeOpInterface
    : TT_OpInterface<"DescriptorLoadLikeOpInterface", [TT_DescriptorOpInterface]> {
  let description = "A read through a tensor descriptor; the tensor is result 0.";
}

#endif // TRITON_DIALECT_TRITON_IR_TRITONOPINTERFACES_TD
