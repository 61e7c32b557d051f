//===- TritonShapeOps.td - ops that change a tensor's shape ---------------===//

#ifndef TRITON_DIALECT_TRITON_IR_TRITONSHAPEOPS_TD
#define TRITON_DIALECT_TRITON_IR_TRITONSHAPEOPS_TD

include "triton/Dialect/Triton/IR/TritonOpBase.td"
include "triton/Dialect/Triton/IR/TritonOpInterfaces.td"

def TT_SplatOp : TT_Op<"splat", [Pure, SameOperandsAndResultElementType, TT_SameOperandsAndResultEncoding]> {
  let summary = "tensor with one value everywhere";
  let arguments = (ins TT_AnyType:$src);
  let results = (outs TT_Tensor:$result);
  let assemblyFormat = "$src attr-dict `:` type($src) `->` type($result)";
  let hasFolder = 1;
}

def TT_UnsplatOp : TT_Op<"unsplat", [
    Pure, TypesMatchWith<"result is the element of src", "src", "result", "::mlir::getElementTypeOrSelf($_self)">]> {
  let summary = "the element of a tensor that has just one";
  let arguments = (ins TT_Tensor:$src);
  let results = (outs TT_AnyType:$result);
  let assemblyFormat = "$src attr-dict `:` type($src)";
  let hasVerifier = 1;
}

def TT_ExpandDimsOp : TT_Op<"expand_dims", [Pure, SameOperandsAndResultElementType, TT_InferTensorType]> {
  let summary = "inserts a dimension of size one";
  let arguments = (ins TT_Tensor:$src, I32Attr:$axis);
  let results = (outs TT_Tensor:$result);
  let assemblyFormat = "$src attr-dict `:` type($src) `->` type($result)";
  let hasCanonicalizeMethod = 1;
  let hasFolder = 1;
}

def TT_ReshapeOp : TT_Op<"reshape", [Pure, SameOperandsAndResultElementType]> {
  let summary = "the same elements under another shape";
  let description = [{
    `allow_reorder`: elements may change places. `efficient_layout`: the result
    layout is a choice that later passes should keep.

    ```mlir
    %r = tt.reshape %x allow_reorder : tensor<64xf32> -> tensor<8x8xf32>
    ```
  }];
  let arguments = (ins TT_Tensor:$src, UnitAttr:$allow_reorder, UnitAttr:$efficient_layout);
  let results = (outs TT_Tensor:$result);
  let assemblyFormat = [{
    $src (`allow_reorder` $allow_reorder^)? (`efficient_layout` $efficient_layout^)? attr-dict `:`
    type($src) `->` type($result)
  }];
  let hasCanonicalizeMethod = 1;
  let hasFolder = 1;
  let hasVerifier = 1;
}

def TT_BroadcastOp : TT_Op<"broadcast", [Pure, SameOperandsAndResultElementType, TT_SameOperandsAndResultEncoding]> {
  let summary = "repeats a tensor along its dimensions of size one";
  let arguments = (ins TT_Tensor:$src);
  let results = (outs TT_Tensor:$result);
  let assemblyFormat = "$src attr-dict `:` type($src) `->` type($result)";
  let hasCanonicalizer = 1;
  let hasFolder = 1;
  let hasVerifier = 1;
}

// Not Pure: two equal ops may order elements differently.
def TT_CatOp : TT_Op<"cat", [NoMemoryEffect, SameOperandsAndResultElementType, SameTypeOperands]> {
  let summary = "the elements of two tensors in one, in any order";
  let arguments = (ins TT_Tensor:$lhs, TT_Tensor:$rhs);
  let results = (outs TT_Tensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($lhs) `->` type($result)";
  let hasVerifier = 1;
}

def TT_JoinOp : TT_Op<"join", [Pure, SameTypeOperands]> {
  let summary = "two tensors side by side in a new last dimension";
  let arguments = (ins TT_Tensor:$lhs, TT_Tensor:$rhs);
  let results = (outs TT_Tensor:$result);
  let builders = [OpBuilder<(ins "::mlir::Value":$lhs, "::mlir::Value":$rhs)>];
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($lhs) `->` type($result)";
  let hasVerifier = 1;
}

def TT_SplitOp : TT_Op<"split", [
    Pure, TT_InferTensorType, TypesMatchWith<"both results have one type", "outLHS", "outRHS", "$_self">]> {
  let summary = "the two halves of a tensor whose last dimension is 2";
  let arguments = (ins TT_Tensor:$src);
  let results = (outs TT_Tensor:$outLHS, TT_Tensor:$outRHS);
  let assemblyFormat = "$src attr-dict `:` type($src) `->` type($outLHS)";
}

def TT_TransOp : TT_Op<"trans", [
    Pure, SameOperandsAndResultElementType, TT_InferTensorType, TT_TransposeOpInterface]> {
  let summary = "permutes dimensions";
  let description = [{
    Result dimension i is source dimension `order[i]`. The result's encoding is
    the permuted one, so that no thread gives up an element.
  }];
  let arguments = (ins TT_Tensor:$src, DenseI32ArrayAttr:$order);
  let results = (outs TT_Tensor:$result);
  let assemblyFormat = "$src attr-dict `:` type($src) `->` type($result)";
  let hasFolder = 1;
}

#endif // TRITON_DIALECT_TRITON_IR_TRITONSHAPEOPS_TD
