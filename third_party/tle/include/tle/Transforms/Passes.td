#ifndef TLE_TRANSFORMS_PASSES_TD
#define TLE_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

class TLE_ModulePass<string flag> : Pass<flag, "::mlir::ModuleOp"> {
  let dependentDialects = [
    "::mlir::arith::ArithDialect",
    "::mlir::gpu::GPUDialect",
    "::mlir::scf::SCFDialect",
    "::mlir::triton::TritonDialect",
    "::mlir::triton::gpu::TritonGPUDialect",
    "::mlir::triton::tle::TLEDialect"
  ];
}

//===----------------------------------------------------------------------===//
// From the frontend
//===----------------------------------------------------------------------===//

def TLERaiseFrontend : TLE_ModulePass<"triton-tle-raise-frontend"> {
  let summary = "turn the frontend's calls into tle ops";
  let description = [{
    The stock frontend knows no `tle` op, so a TLE builtin emits a call of a
    private function without a body whose attribute `tle.op` names the op and
    whose optional attribute `tle.attrs` spells its attributes. Each such call
    becomes the op with the call's operands, results and location; the
    declarations go.

    ```mlir
    tt.func private @tle.local_pointers.0(!ttg.memdesc<64x64xbf16, #shared, #smem, mutable>)
        -> tensor<64x64x!tt.ptr<bf16, 3>> attributes {noinline = true, tle.op = "local_pointers"}
    %p = tt.call @tle.local_pointers.0(%buf)
        : (!ttg.memdesc<64x64xbf16, #shared, #smem, mutable>) -> tensor<64x64x!tt.ptr<bf16, 3>>
    // becomes
    %p = "tle.local_pointers"(%buf)
        : (!ttg.memdesc<64x64xbf16, #shared, #smem, mutable>) -> tensor<64x64x!tt.ptr<bf16, 3>>
    ```

    An unknown op, malformed attributes or operands that the op does not take
    are errors at the call's location.
  }];
}

include "tle/Transforms/LocalPointerPasses.td"
include "tle/Transforms/OpLoweringPasses.td"
include "tle/Transforms/TilePipelinePasses.td"

//===----------------------------------------------------------------------===//
// Before the module goes back to the stock engine
//===----------------------------------------------------------------------===//

def TLEVerifyLowered : TLE_ModulePass<"triton-tle-verify-lowered"> {
  let summary = "no tle op is left";
  let description = [{
    The stock engine knows no `tle` op. Each one left is an error at its
    location, and so is each access through a local pointer, which stock would
    take for one to global memory. What passes is not changed.

    ```mlir
    %t = tle.extract_tile %x[%c0, %c0] : tensor<64x64xf32, #b> -> tensor<32x64xf32, #b>
    // error: cannot compile this use of tle.extract_tile: no lowering applies to it
    ```
  }];
}

//===----------------------------------------------------------------------===//
// Staging
//===----------------------------------------------------------------------===//

def TLESelectStagedLoadLayout : TLE_ModulePass<"triton-tle-select-staged-load-layout"> {
  let summary = "loads on their way to shared memory take 128 bytes of a row";
  let description = [{
    Stock's coalescing gives the lanes of a warp one row as far as it goes. A
    row of 1024 bytes takes two warps, and a thread has to know the address and
    mask of every row that its warp loads: sixteen for 64 rows and 8 warps. If
    the rows are gathered, that is sixteen indices to load, check and multiply
    for every tile.

    Memory asks for no more than 128 bytes in a row, and a tile in shared
    memory can be written in any order. So a load whose rows are longer, and
    which only shared memory uses, takes the layout with 128 bytes of a row to
    the lanes and the rest of the warp on further rows: here two rows for a
    thread, the columns at constant distances. A tile that products read, as it
    is or turned around, goes to shared memory for them, too; the layout is
    taken if there are two of them or more.

    ```mlir
    #blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [1, 32], warpsPerCTA = [4, 2], order = [1, 0]}>
    %v = tt.load %p : tensor<64x512x!tt.ptr<bf16>, #blocked>
    ttg.local_store %v, %buf
    // becomes
    #blocked1 = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [8, 1], order = [1, 0]}>
    %q = ttg.convert_layout %p : tensor<64x512x!tt.ptr<bf16>, #blocked> -> tensor<64x512x!tt.ptr<bf16>, #blocked1>
    %v = tt.load %q : tensor<64x512x!tt.ptr<bf16>, #blocked1>
    ttg.local_store %v, %buf
    ```

    The pass runs right behind stock's coalescing: what calculates the
    pointers takes the new layout when stock removes layout conversions.
    Loads with a value that anything but shared memory uses stay, and so do
    tiles with fewer rows than would be loaded at a time.
  }];
}

def TLEPromoteLocalStoreStaging : TLE_ModulePass<"triton-tle-promote-local-store-staging"> {
  let summary = "buffers that every iteration overwrites move into their loop";
  let description = [{
    A buffer that is allocated before a loop, overwritten whole in every
    iteration and read after that in the same iteration is a value of the
    iteration. As such the stock pipeliner can give it several buffers and fill
    them ahead of time with asynchronous copies.

    ```mlir
    %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
    scf.for ... {
      %v = tt.load %p
      ttg.local_store %v, %buf
      gpu.barrier
      %x = ttg.local_load %buf
    } {tt.num_stages = 3 : i32}
    // becomes
    scf.for ... {
      %v = tt.load %p
      %b = ttg.local_alloc %v : (...) -> !ttg.memdesc<64x64xbf16, #shared, #smem>
      %x = ttg.local_load %b
    } {tt.num_stages = 3 : i32}
    ```

    Barriers of the loop go with the last thing that they ordered: accesses by
    descriptor need none, they are ordered when shared memory is allocated.

    The buffer stays where any use could see the difference: a read of what an
    earlier iteration or nobody has stored, a read behind the loop, a second or
    partial store, a store under a condition, copies into it, uses by calls or
    other groups of warps, asynchronous products. It also stays in loops of one
    stage.
  }];
  let options = [
    Option<"numStages", "num-stages", "int", "1", "stages of loops without the attribute tt.num_stages">
  ];
}

//===----------------------------------------------------------------------===//
// After the last stock pass of the stage
//===----------------------------------------------------------------------===//

def TLECoalesceAtomics : TLE_ModulePass<"triton-tle-coalesce-atomics"> {
  let summary = "reductions of accumulators touch whole rows";
  let description = [{
    An accumulator of tensor cores is scattered: a warp holds 8 bytes a thread of
    8 rows. Adding it to memory as it lies touches 32 bytes a row at a time;
    stock converts it first, through shared memory, with barriers. This pass
    exchanges elements between the lanes of a warp instead. After it a thread
    holds what one vector reduction takes, and a warp's reduction covers 128
    bytes of each row that it touches.

    ```mlir
    #mma = #ttg.nvidia_mma<{versionMajor = 3, versionMinor = 0, warpsPerCTA = [4, 1], instrShape = [16, 64, 16]}>
    %v = ttg.convert_layout %acc : tensor<64x64xf32, #mma> -> tensor<64x64xf32, #blocked>
    %r = tt.atomic_rmw fadd, relaxed, gpu, %p, %v, %m : ... tensor<64x64xf32, #blocked>
    // becomes
    #linear = #ttg.linear<{register = [[0, 1], [8, 0], [0, 2], [0, 16], [0, 32]],
                           lane = [[0, 8], [0, 4], [1, 0], [2, 0], [4, 0]], warp = [[16, 0], [32, 0]], block = []}>
    #linear1 = #ttg.linear<{register = [[0, 1], [0, 2], [8, 0], [1, 0], [0, 32]],
                            lane = [[0, 8], [0, 4], [0, 16], [2, 0], [4, 0]], warp = [[16, 0], [32, 0]], block = []}>
    %v0 = ttg.convert_layout %acc : tensor<64x64xf32, #mma> -> tensor<64x64xf32, #linear>
    %v1 = ttg.convert_layout %v0 : tensor<64x64xf32, #linear> -> tensor<64x64xf32, #linear1>
    %r = tt.atomic_rmw fadd, relaxed, gpu, %p1, %v1, %m1 : ... tensor<64x64xf32, #linear1>
    ```

    From each layout to the next one bit of the register number and one bit of
    the lane number change places: here column bit 1 with column bit 3, then row
    bit 0 with column bit 4. Stock lowers such a conversion to one butterfly
    shuffle and three selects for two registers; both exchanges at once it would
    take through shared memory. Canonicalization would merge the two, so none may
    follow before the conversion to the LLVM dialect. Pointers and mask are
    computed again in the last layout: ranges, splats, elementwise ops, and loads
    of one row or column; other rows and columns are converted.

    A vector is what one `red` takes: 4 f32 or 8 f16 or bf16 from compute
    capability 9.0 on, one f32 or 2 f16 before, if pointers and mask allow it.

    Left as they are: reductions that are not `fadd, relaxed, gpu`, whose result
    is used, whose pointers are not contiguous along a row, that have an operand
    which cannot be computed again (a matrix that a loop carries, say).

    Where a warp holds less than 128 bytes of a row and less than all of it (two
    warps take turns at the columns, as `mma.sync` likes it), only shared memory
    helps. There stock's conversion stays, but if its lanes would add single
    elements 16 bytes apart, it ends with lanes side by side.
  }];
  let options = [
    Option<"remarks", "remarks", "bool", "false", "say of each reduction that stays as it is why it does">
  ];
}

def TLEMarkCopyEviction : TLE_ModulePass<"triton-tle-mark-copy-eviction"> {
  let summary = "comments around copies that have an eviction policy";
  let description = [{
    Stock's conversion of an asynchronous copy drops its eviction policy. This
    pass puts comments around such copies, which come out around their
    instructions; `triton-tle-apply-copy-eviction` finds these there.

    ```mlir
    ttg.async_copy_global_to_local %p, %b evictionPolicy = evict_first
    // becomes
    tt.elementwise_inline_asm "// copies, evict_first ..."
    ttg.async_copy_global_to_local %p, %b
    tt.elementwise_inline_asm "// end of copies ..."
    ```

    One of the last passes of its stage: nothing may come between.
  }];
}

include "tle/Transforms/WarpSpecializationPasses.td"

#endif // TLE_TRANSFORMS_PASSES_TD
