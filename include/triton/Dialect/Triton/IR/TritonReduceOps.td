//===- TritonReduceOps.td - dots, reductions, scans, gathers --------------===//

#ifndef TRITON_DIALECT_TRITON_IR_TRITONREDUCEOPS_TD
#define TRITON_DIALECT_TRITON_IR_TRITONREDUCEOPS_TD

include "mlir/Interfaces/ControlFlowInterfaces.td"
include "triton/Dialect/Triton/IR/TritonOpBase.td"
include "triton/Dialect/Triton/IR/TritonOpInterfaces.td"

//===----------------------------------------------------------------------===//
// Dots
//===----------------------------------------------------------------------===//

def TT_DotOp : TT_Op<"dot", [
    DeclareOpInterfaceMethods<InferTypeOpInterface>, Pure, TT_DotOpInterface,
    TypesMatchWith<"result's type matches accumulator's type", "d", "c", "$_self">]> {
  let summary = "d = a * b + c over the two minor dimensions";
  let description = [{
    `inputPrecision` says how f32 factors use tensor cores, `maxNumImpreciseAcc`
    how many fp8 products may be summed in reduced precision.

    ```mlir
    %d = tt.dot %a, %b, %c, inputPrecision = tf32
        : tensor<64x32xf32> * tensor<32x64xf32> -> tensor<64x64xf32>
    ```
  }];
  let arguments = (ins
    TT_FpIntTensor:$a, TT_FpIntTensor:$b, TT_FpIntTensor:$c,
    DefaultValuedAttr<TT_InputPrecisionAttr, "::mlir::triton::InputPrecision::IEEE">:$inputPrecision,
    DefaultValuedAttr<I32Attr, "0">:$maxNumImpreciseAcc);
  let results = (outs TT_FpIntTensor:$d);
  let assemblyFormat = [{
    $a `,` $b `,` $c (`,` `inputPrecision` `=` $inputPrecision^)? attr-dict `:`
    type($a) `*` type($b) `->` type($d)
  }];
  let hasVerifier = 1;
}

def TT_DotScaledOp : TT_Op<"dot_scaled", [
    AttrSizedOperandSegments, DeclareOpInterfaceMethods<TT_DotOpInterface, ["verifyDims", "verifyOutputDims"]>, Pure,
    TypesMatchWith<"result's type matches accumulator's type", "d", "c", "$_self">]> {
  let summary = "dot of factors with a scale per block of elements";
  let description = [{
    Each factor's format is named, since fp4 comes as two elements in one i8,
    packed along K (`*_k_pack`) or along the other dimension. Scales are
    exponents, one per 16 or 32 elements of K.
  }];
  let arguments = (ins
    RankedTensorOf<[TT_Float, I8]>:$a, RankedTensorOf<[TT_Float, I8]>:$b, TT_FloatTensor:$c,
    Optional<RankedTensorOf<[TT_Float, I8]>>:$a_scale, Optional<RankedTensorOf<[TT_Float, I8]>>:$b_scale,
    TT_ScaleDotElemTypeAttr:$a_elem_type, TT_ScaleDotElemTypeAttr:$b_elem_type, BoolAttr:$fastMath,
    DefaultValuedAttr<BoolAttr, "true">:$lhs_k_pack, DefaultValuedAttr<BoolAttr, "true">:$rhs_k_pack);
  let results = (outs TT_FloatTensor:$d);
  let assemblyFormat = [{
    $a (`scale` $a_scale^)? `,` $b (`scale` $b_scale^)? `,` $c
    `lhs` `=` $a_elem_type `rhs` `=` $b_elem_type attr-dict `:`
    type($a) (`,` type($a_scale)^)? `*` type($b) (`,` type($b_scale)^)? `->` type($d)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Reductions and scans
//===----------------------------------------------------------------------===//

def TT_ReduceOp : TT_Op<"reduce", [
    Pure, SameOperandsShape, SingleBlock, TT_InferTensorType, TT_SameOperandsEncoding]> {
  let summary = "combines the elements along one dimension";
  let description = [{
    The region combines two tuples, one element of each source, into one; it
    must be associative and commutative.
  }];
  let arguments = (ins Variadic<TT_Tensor>:$srcs, I32Attr:$axis);
  let results = (outs Variadic<TT_AnyType>:$result);
  let regions = (region SizedRegion<1>:$combineOp);
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    ::llvm::SmallVector<::mlir::RankedTensorType> getInputTypes();
    ::llvm::SmallVector<::mlir::Type> getElementTypes();
    /// The only op of the region beside the terminator, if it combines the
    /// region's two arguments; else null.
    ::mlir::Operation *getSingleCombiner();
  }];
}

def TT_ReduceReturnOp : TT_Op<"reduce.return", [
    HasParent<"::mlir::triton::ReduceOp">, Pure, ReturnLike, Terminator]> {
  let summary = "result of one combination of tt.reduce";
  let arguments = (ins Variadic<AnyType>:$result);
  let assemblyFormat = "$result attr-dict `:` type($result)";
}

def TT_ScanOp : TT_Op<"scan", [
    Pure, SameOperandsAndResultShape, SingleBlock, TT_InferTensorType, TT_SameOperandsAndResultEncoding]> {
  let summary = "combines each element with all before it along one dimension";
  let description = "With `reverse`, with all after it. The region is as in tt.reduce, associative.";
  let arguments = (ins Variadic<TT_Tensor>:$srcs, I32Attr:$axis, BoolAttr:$reverse);
  let results = (outs Variadic<TT_Tensor>:$result);
  let regions = (region SizedRegion<1>:$combineOp);
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    ::llvm::SmallVector<::mlir::RankedTensorType> getInputTypes();
    ::llvm::SmallVector<::mlir::Type> getElementTypes();
  }];
}

def TT_ScanReturnOp : TT_Op<"scan.return", [
    HasParent<"::mlir::triton::ScanOp">, Pure, ReturnLike, Terminator]> {
  let summary = "result of one combination of tt.scan";
  let arguments = (ins Variadic<AnyType>:$result);
  let assemblyFormat = "$result attr-dict `:` type($result)";
}

def TT_HistogramOp : TT_Op<"histogram", [
    Pure, TypesMatchWith<"mask type matches src type", "src", "mask", "getI1SameShape($_self)",
                         "($_op.getNumOperands() <= 1) || std::equal_to<>()">]> {
  let summary = "counts how often each of 0 to bins - 1 occurs";
  let description = "The result has one element a bin. Elements whose `mask` is false are not counted.";
  let arguments = (ins TT_IntTensor:$src, Optional<TT_BoolLike>:$mask);
  let results = (outs TT_IntTensor:$result);
  let assemblyFormat = "$src (`,` $mask^)? attr-dict `:` type($src) `->` type($result)";
}

def TT_GatherOp : TT_Op<"gather", [DeclareOpInterfaceMethods<InferTypeOpInterface>, Pure]> {
  let summary = "picks elements along one dimension by index";
  let description = [{
    The result has the shape and encoding of `indices`.
    `efficient_layout`: the layouts are a choice that later passes must keep.
  }];
  let arguments = (ins TT_Tensor:$src, TT_IntTensor:$indices, I32Attr:$axis, UnitAttr:$efficient_layout);
  let results = (outs TT_Tensor:$result);
  let assemblyFormat = "$src `[` $indices `]` attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

#endif // TRITON_DIALECT_TRITON_IR_TRITONREDUCEOPS_TD
