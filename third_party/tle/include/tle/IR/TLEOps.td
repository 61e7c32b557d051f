#ifndef TLE_OPS_TD
#define TLE_OPS_TD

include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "tle/IR/TLEDialect.td"
include "triton/Dialect/Triton/IR/TritonOpBase.td"

//===----------------------------------------------------------------------===//
// Types and resources of the neighbouring dialects, as this one constrains them
//===----------------------------------------------------------------------===//

def TLE_MemDesc : Type<CPred<"::llvm::isa<::mlir::triton::gpu::MemDescType>($_self)">, "memory descriptor",
                       "::mlir::triton::gpu::MemDescType">;

def TLE_LocalPointerLike
    : Type<CPred<"::mlir::triton::tle::isLocalPointerLike($_self)">,
           "pointer or tensor of pointers into shared memory (address space 3)">;

def TLE_SharedMemory : Resource<"::mlir::triton::gpu::SharedMemory">;

class TLE_Op<string mnemonic, list<Trait> traits = []>
    : Op<TLE_Dialect, mnemonic, !listconcat(traits, [TT_TensorSize, TT_VerifyTensorLayouts])>;

//===----------------------------------------------------------------------===//
// Shared memory
//===----------------------------------------------------------------------===//

def TLE_LocalPointersOp : TLE_Op<"local_pointers", [Pure]> {
  let summary = "pointers to elements of a shared-memory buffer";
  let description = [{
    Gives the pointers to elements of `buffer`, for `tt.load`, `tt.store` and
    `tt.atomic_rmw` to use as they use pointers to global memory.

    Without `indices` the result has the buffer's shape: the *full view*, whose
    element (i, j, ...) points at the buffer's element (i, j, ...). With
    `indices` there is one index a dimension of the buffer, each an i32 tensor
    of the result's shape and layout, or all of them scalars; element (i, j, ...)
    of the result points at `buffer[indices[0][i, j, ...], indices[1][i, j, ...], ...]`.

    Where an element lies in memory depends on the buffer's layout, swizzle
    included, so arithmetic on such pointers has a meaning in layouts without
    a swizzle only.

    Example:

    ```mlir
    %all = "tle.local_pointers"(%buf)
        : (!ttg.memdesc<64x32xbf16, #shared, #smem, mutable>) -> tensor<64x32x!tt.ptr<bf16, 3>, #blocked>
    %some = "tle.local_pointers"(%buf, %row, %col)
        : (!ttg.memdesc<64x32xbf16, #shared, #smem, mutable>, tensor<16x8xi32, #blocked>, tensor<16x8xi32, #blocked>)
        -> tensor<16x8x!tt.ptr<bf16, 3>, #blocked>
    ```
  }];
  let arguments = (ins TLE_MemDesc:$buffer, Variadic<AnyType>:$indices);
  let results = (outs TLE_LocalPointerLike:$result);
  let hasVerifier = 1;
}

def TLE_MemDescWGMMAViewOp : TLE_Op<"memdesc_wgmma_view", [Pure]> {
  let summary = "view of a shared tile as a WGMMA operand";
  let description = [{
    Views an `nvmma_shared` tile with its dimensions permuted by `order`, so
    that a matrix that lies in shared memory in one orientation can be an
    operand of WGMMA in the other. No data moves: dimension `i` of the result is
    dimension `order[i]` of the source, the layout's `transposed` flag follows,
    and on a subslice the shape of the allocation is permuted as well.

    A view of a view, or of a `ttg.memdesc_trans`, folds to one view; a view
    that changes nothing folds to its source.

    Example:

    ```mlir
    %v = tle.memdesc_wgmma_view %buf {order = array<i32: 1, 0>}
        : !ttg.memdesc<64x512xbf16, #shared, #smem, mutable> -> !ttg.memdesc<512x64xbf16, #shared1, #smem, mutable>
    ```
  }];
  let arguments = (ins TLE_MemDesc:$src, DenseI32ArrayAttr:$order);
  let results = (outs TLE_MemDesc:$result);
  let assemblyFormat = "$src attr-dict `:` qualified(type($src)) `->` qualified(type($result))";
  let builders = [OpBuilder<(ins "::mlir::Value":$src, "::llvm::ArrayRef<int32_t>":$order)>];
  let extraClassDeclaration = [{
    /// The type of a view of `src` under `order`, or failure with an error
    /// given to `emitError` that names the rule `src` or `order` breaks.
    static ::mlir::FailureOr<::mlir::triton::gpu::MemDescType>
    inferResultType(::mlir::triton::gpu::MemDescType src, ::llvm::ArrayRef<int32_t> order,
                    ::llvm::function_ref<::mlir::InFlightDiagnostic()> emitError);
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def TLE_WGMMASharedOperandFenceOp
    : TLE_Op<"wgmma_shared_operand_fence",
             [MemoryEffects<[MemRead<TLE_SharedMemory>, MemWrite<TLE_SharedMemory>]>]> {
  let summary = "order earlier writes of shared operands before the next WGMMA";
  let description = [{
    Makes what threads wrote to shared memory (with stores or async copies,
    that is through the generic proxy) visible to the WGMMA that follows, which
    reads its operands through the async proxy. Stands right before the
    `ttng.warp_group_dot` whose operands it orders and may name them; without
    operands, printed `all`, it orders all of shared memory. Becomes
    `ttng.fence_async_shared` (`fence.proxy.async`).

    Example:

    ```mlir
    ttg.local_store %p, %buf : tensor<64x64xbf16, #blocked> -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
    tle.wgmma_shared_operand_fence %buf : !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
    %d = ttng.warp_group_dot %buf, %b, %c : ...
    ```
  }];
  let arguments = (ins Variadic<TLE_MemDesc>:$operands);
  let assemblyFormat = "($operands^ `:` qualified(type($operands))) : (`all`)? attr-dict";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Register tensors
//===----------------------------------------------------------------------===//

def TLE_ExclusiveCumsumOp : TLE_Op<"exclusive_cumsum", [Pure]> {
  let summary = "exclusive prefix sum and total along an axis";
  let description = [{
    `exclusive[i]` is the sum of the elements before `i` along `axis` (after it
    with `reverse`), 0 for the first; `total` is the sum of all of them. The
    exclusive sum is never made by taking an element off an inclusive sum of
    floats, so an infinity taints only what comes after it. `total` has the
    source's shape without `axis`, a scalar for a rank-1 source.

    Example:

    ```mlir
    %e, %t = tle.exclusive_cumsum %x {axis = 0 : i32, reverse = false} : tensor<128xi32, #b> -> tensor<128xi32, #b>, i32
    ```
  }];
  let arguments = (ins AnyRankedTensor:$src, I32Attr:$axis, BoolAttr:$reverse);
  let results = (outs AnyRankedTensor:$exclusive, AnyType:$total);
  let assemblyFormat = "$src attr-dict `:` type($src) `->` type($exclusive) `,` type($total)";
  let hasVerifier = 1;
}

def TLE_ExtractTileOp : TLE_Op<"extract_tile", [Pure]> {
  let summary = "one tile of a register tensor";
  let description = [{
    Cuts `src` into tiles of the result's shape and gives tile
    (`indices[0]`, `indices[1]`, ...): its element (i, j, ...) is
    `src[indices[0] * tile_0 + i, indices[1] * tile_1 + j, ...]`. Each dimension of
    the tile divides that of the source. A constant index outside the grid of
    tiles is an error; of any other index only the value modulo the number of
    tiles counts.

    Example:

    ```mlir
    %t = tle.extract_tile %x[%i, %c0] : tensor<128x64xf32, #b> -> tensor<32x64xf32, #b>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$src, Variadic<I32>:$indices);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$src `[` $indices `]` attr-dict `:` type($src) `->` type($result)";
  let hasVerifier = 1;
}

def TLE_InsertTileOp : TLE_Op<"insert_tile", [Pure, TypesMatchWith<"the result has the destination's type", "dst",
                                                                  "result", "$_self">]> {
  let summary = "a register tensor with one tile replaced";
  let description = [{
    Gives `dst` with tile (`indices[0]`, `indices[1]`, ...) replaced by `tile`; tiles
    are counted as `tle.extract_tile` counts them.

    Example:

    ```mlir
    %r = tle.insert_tile %t, %x[%i, %c0] : tensor<32x64xf32, #b>, tensor<128x64xf32, #b>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$tile, AnyRankedTensor:$dst, Variadic<I32>:$indices);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$tile `,` $dst `[` $indices `]` attr-dict `:` type($tile) `,` type($dst)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Pipes
//===----------------------------------------------------------------------===//

def TLE_PipeCreateOp
    : TLE_Op<"pipe_create", [MemoryEffects<[MemRead<TLE_SharedMemory>, MemWrite<TLE_SharedMemory>]>]> {
  let summary = "a ring of slots that one partition fills and others read";
  let description = [{
    Makes a pipe of `fields`, buffers whose first dimension is the slot; all
    have the same number N of slots. `barriers` holds its mbarriers as words of
    64 bits: word i says that slot i is full, word N + i that it is empty. A pipe
    that is `oneShot` fills every slot once and has the first N words only.

    `readers` names the readers. A slot is empty again when each of them has
    released it.

    Example:

    ```mlir
    tle.pipe_create %barriers, %a, %b {name = "tiles", oneShot = false, readers = ["consumer"]}
        : !ttg.memdesc<4x1xi64, #bar, #smem, mutable>, !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>,
          !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
    ```
  }];
  let arguments = (ins TLE_MemDesc:$barriers, Variadic<TLE_MemDesc>:$fields, StrAttr:$name, StrArrayAttr:$readers,
                       BoolAttr:$oneShot);
  let assemblyFormat = "$barriers (`,` $fields^)? attr-dict `:` qualified(type($barriers)) "
                       "(`,` qualified(type($fields))^)?";
  let extraClassDeclaration = [{
    /// The number of slots.
    int64_t getNumSlots();
  }];
  let hasVerifier = 1;
}

class TLE_PipeStepOp<string mnemonic>
    : TLE_Op<mnemonic, [MemoryEffects<[MemRead<TLE_SharedMemory>, MemWrite<TLE_SharedMemory>]>]> {
  let assemblyFormat = "$barriers `[` $index `]` attr-dict `:` qualified(type($barriers))";
}

def TLE_PipeAcquireOp : TLE_PipeStepOp<"pipe_acquire"> {
  let summary = "the writer waits until a slot is empty";
  let description = [{
    `index` counts the tiles that go through the pipe, from 0 on; tile i lies in
    slot i mod N. Returns when every reader has released tile `index` - N, at
    once for the first N tiles.

    Example: `tle.pipe_acquire %barriers[%i] : !ttg.memdesc<4x1xi64, #bar, #smem, mutable>`
  }];
  let arguments = (ins TLE_MemDesc:$barriers, I32:$index);
}

def TLE_PipeCommitOp : TLE_PipeStepOp<"pipe_commit"> {
  let summary = "the writer has filled a slot";
  let description = [{
    Tile `index` is full when every thread of the writer's partition has come
    here and the asynchronous copies that it started before have ended.

    Example: `tle.pipe_commit %barriers[%i] : !ttg.memdesc<4x1xi64, #bar, #smem, mutable>`
  }];
  let arguments = (ins TLE_MemDesc:$barriers, I32:$index);
}

def TLE_PipeWaitOp : TLE_PipeStepOp<"pipe_wait"> {
  let summary = "a reader waits until a slot is full";
  let description = [{
    Returns when tile `index` is full.

    Example: `tle.pipe_wait %barriers[%i] {reader = "consumer"} : !ttg.memdesc<4x1xi64, #bar, #smem, mutable>`
  }];
  let arguments = (ins TLE_MemDesc:$barriers, I32:$index, StrAttr:$reader);
}

def TLE_PipeReleaseOp : TLE_PipeStepOp<"pipe_release"> {
  let summary = "a reader is done with a slot";
  let description = [{
    Tile `index` is not read any more by this reader; each thread of its
    partition says so.

    Example: `tle.pipe_release %barriers[%i] {reader = "consumer"} : !ttg.memdesc<4x1xi64, #bar, #smem, mutable>`
  }];
  let arguments = (ins TLE_MemDesc:$barriers, I32:$index, StrAttr:$reader);
}

#endif // TLE_OPS_TD
