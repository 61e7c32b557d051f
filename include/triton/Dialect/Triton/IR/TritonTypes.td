//===- TritonTypes.td - types of dialect tt -------------------------------===//

#ifndef TRITON_DIALECT_TRITON_IR_TRITONTYPES_TD
#define TRITON_DIALECT_TRITON_IR_TRITONTYPES_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinTypeInterfaces.td"
include "mlir/IR/BuiltinTypes.td"
include "triton/Dialect/Triton/IR/TritonDialect.td"

class Triton_TypeDef<string name, string typeMnemonic, list<Trait> traits = []>
    : TypeDef<Triton_Dialect, name, traits> {
  let mnemonic = typeMnemonic;
}

def TT_PtrType : Triton_TypeDef<"Pointer", "ptr"> {
  let summary = "pointer to a scalar, or to a block of a strided tensor";
  let description = [{
    `!tt.ptr<T>` points into address space 1 (global); any other address space
    is written, as in `!tt.ptr<bf16, 3>` (shared). A pointee that is a ranked
    tensor makes a block pointer.
  }];
  let parameters = (ins "::mlir::Type":$pointeeType, "int":$addressSpace);
  let builders = [
    TypeBuilderWithInferredContext<(ins "::mlir::Type":$pointeeType, CArg<"int", "1">:$addressSpace), [{
      return $_get(pointeeType.getContext(), pointeeType, addressSpace);
    }]>
  ];
  let skipDefaultBuilders = 1;
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def TT_TensorDescType : Triton_TypeDef<"TensorDesc", "tensordesc"> {
  let summary = "descriptor of a tensor in global memory, accessed block by block";
  let description = [{
    `!tt.tensordesc<tensor<64x64xf16>>` holds the block that one access moves;
    the block's encoding, if any, is its shared-memory layout.
  }];
  let parameters = (ins "::mlir::RankedTensorType":$blockType);
  let builders = [
    TypeBuilderWithInferredContext<(ins "::mlir::RankedTensorType":$blockType), [{
      return $_get(blockType.getContext(), blockType);
    }]>
  ];
  let assemblyFormat = "`<` $blockType `>`";
  let extraClassDeclaration = [{
    /// The block type with a signless element type, as loads and stores use it.
    ::mlir::RankedTensorType getSignlessBlockType() const;
  }];
}

//===----------------------------------------------------------------------===//
// Constraints. "Like" stands for the scalar or a ranked tensor of it.
//===----------------------------------------------------------------------===//

def TT_Float : AnyTypeOf<[F8E4M3FN, F8E4M3FNUZ, F8E5M2, F8E5M2FNUZ, F16, BF16, F32, F64], "floating-point">;
def TT_FloatTensor : RankedTensorOf<[TT_Float]>;
def TT_FloatLike : AnyTypeOf<[TT_Float, TT_FloatTensor]>;

def TT_BoolTensor : RankedTensorOf<[I1]>;
def TT_BoolLike : AnyTypeOf<[I1, TT_BoolTensor]>;

def TT_I4 : I<4>;
def TT_Int : AnyTypeOf<[I1, TT_I4, I8, I16, I32, I64], "integer">;
def TT_IntTensor : RankedTensorOf<[TT_Int]>;
def TT_IntLike : AnyTypeOf<[TT_Int, TT_IntTensor]>;
def TT_I64Like : AnyTypeOf<[I64, RankedTensorOf<[I64]>]>;

def TT_AnyPtr : DialectType<Triton_Dialect, CPred<"::mlir::isa<::mlir::triton::PointerType>($_self)">,
                            "pointer", "::mlir::triton::PointerType">;
def TT_TensorPtr : DialectType<Triton_Dialect, CPred<"::mlir::triton::isTensorPointerType($_self)">,
                               "block pointer", "::mlir::triton::PointerType">;
def TT_PtrTensor : RankedTensorOf<[TT_AnyPtr]>;
def TT_PtrLike : AnyTypeOf<[TT_AnyPtr, TT_PtrTensor]>;

def TT_FpIntTensor : RankedTensorOf<[TT_Float, TT_Int]>;
def TT_Tensor : RankedTensorOf<[TT_Float, TT_Int, TT_AnyPtr]>;
def TT_AnyType : AnyTypeOf<[TT_FloatLike, TT_IntLike, TT_PtrLike]>;

#endif // TRITON_DIALECT_TRITON_IR_TRITONTYPES_TD
