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

//===----------------------------------------------------------------------===//
// Local pointers
//===----------------------------------------------------------------------===//

def TLEEarlyAssignMemorySpace : TLE_ModulePass<"triton-tle-early-assign-memory-space"> {
  let summary = "give what is made of local pointers their address space";
  let description = [{
    A pointer into shared memory has address space 3. Values made of such
    pointers (by `tt.addptr`, shape ops, selections, loops and branches) may
    still be typed as pointers to global memory; this pass carries the address
    space on from `tle.local_pointers` to all of them.

    ```mlir
    %p = "tle.local_pointers"(%buf, %i) : (...) -> tensor<64x!tt.ptr<f32, 3>, #b>
    %q = tt.bitcast %p : tensor<64x!tt.ptr<f32, 3>, #b> -> tensor<64x!tt.ptr<i32>, #b>
    %v = tt.load %q : tensor<64x!tt.ptr<i32>, #b>
    // becomes
    %q = tt.bitcast %p : tensor<64x!tt.ptr<f32, 3>, #b> -> tensor<64x!tt.ptr<i32, 3>, #b>
    %v = tt.load %q : tensor<64x!tt.ptr<i32, 3>, #b>
    ```

    A value that is a local pointer on one way and a global one on another is an
    error.
  }];
}

def TLESelectEncodings : TLE_ModulePass<"triton-tle-select-encodings"> {
  let summary = "access shared memory in the layout of the data";
  let description = [{
    Any layout can read and write shared memory, so an access through local
    pointers takes the layout its data comes in (a store) or goes to (a load),
    and the conversion of the data goes. Pointers without indices are made anew
    in that layout; indices are converted, which is cheaper than the data or
    free, since most of them are ranges and constants.

    ```mlir
    %p = "tle.local_pointers"(%buf) : (...) -> tensor<64x64x!tt.ptr<bf16, 3>, #b>
    %w = ttg.convert_layout %v : tensor<64x64xbf16, #mma> -> tensor<64x64xbf16, #b>
    tt.store %p, %w : tensor<64x64x!tt.ptr<bf16, 3>, #b>
    // becomes
    %p = "tle.local_pointers"(%buf) : (...) -> tensor<64x64x!tt.ptr<bf16, 3>, #mma>
    tt.store %p, %v : tensor<64x64x!tt.ptr<bf16, 3>, #mma>
    ```
  }];
}

def TLEOptimizeLocalPointerLoads : TLE_ModulePass<"triton-tle-optimize-local-pointer-loads"> {
  let summary = "loads of a full view or static subview become ttg.local_load";
  let description = [{
    Applies where the pointers have no indices, or indices that are each a
    constant plus a range along their own dimension and describe a box that
    `ttg.memdesc_subslice` can express. A masked load reads everything (it lies
    inside the buffer) and selects.

    ```mlir
    %p = "tle.local_pointers"(%buf) : (...) -> tensor<64x64x!tt.ptr<bf16, 3>, #b>
    %v = tt.load %p, %mask, %other : tensor<64x64x!tt.ptr<bf16, 3>, #b>
    // becomes
    %w = ttg.local_load %buf : !ttg.memdesc<64x64xbf16, #shared, #smem, mutable> -> tensor<64x64xbf16, #b>
    %v = arith.select %mask, %w, %other : tensor<64x64xi1, #b>, tensor<64x64xbf16, #b>
    ```
  }];
}

def TLEOptimizeLocalPointerStores : TLE_ModulePass<"triton-tle-optimize-local-pointer-stores"> {
  let summary = "stores to a full view or static subview become ttg.local_store";
  let description = [{
    Applies to the views that `triton-tle-optimize-local-pointer-loads`
    describes. A masked store becomes a load, a selection and a store where
    nothing else can write the masked elements meanwhile: not inside a warp
    specialization and not to a buffer that asynchronous copies write; there it
    stays as it is, to be lowered with predicates.

    ```mlir
    %p = "tle.local_pointers"(%buf) : (...) -> tensor<64x64x!tt.ptr<bf16, 3>, #b>
    tt.store %p, %v : tensor<64x64x!tt.ptr<bf16, 3>, #b>
    // becomes
    ttg.local_store %v, %buf : tensor<64x64xbf16, #b> -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
    ```
  }];
}

def TLEOptimizeLocalPointerAsyncStores : TLE_ModulePass<"triton-tle-optimize-local-pointer-async-stores"> {
  let summary = "global load then store to local pointers becomes an asynchronous copy";
  let description = [{
    A `tt.load` whose only use is an unmasked store to a full view or static
    subview becomes a copy past the registers, waited for on the spot. The
    load's mask goes along; masked elements read zero, so another value for
    them keeps the load. Nothing between load and store may write global
    memory. Whether cp.async can make the copy is asked later, by
    `triton-tle-downgrade-invalid-async-copy`, when the layout of the addresses
    is settled.

    ```mlir
    %v = tt.load %src, %mask : tensor<64x64x!tt.ptr<bf16>, #b>
    %p = "tle.local_pointers"(%buf, %row, %col) : (...) -> tensor<64x64x!tt.ptr<bf16, 3>, #b>
    tt.store %p, %v : tensor<64x64x!tt.ptr<bf16, 3>, #b>
    // becomes
    %view = ttg.memdesc_subslice %buf[0, 64] : ...
    %t = ttg.async_copy_global_to_local %src, %view mask %mask {tle.local_ptr_async_store} : ...
    %g = ttg.async_commit_group tokens %t
    %w = ttg.async_wait %g {num = 0 : i32}
    ```
  }];
}

def TLEInsertLocalPointerBarriers : TLE_ModulePass<"triton-tle-insert-local-pointer-barriers"> {
  let summary = "barriers between conflicting accesses to shared memory";
  let description = [{
    Stock Triton places barriers between the accesses of `ttg` ops and does not
    see those through local pointers. This pass puts a `gpu.barrier` before an
    access if one since the last barrier may touch the same buffer, one of the
    two writes, and one of the two goes through local pointers. A fresh
    allocation counts as an access, since its memory may have held something
    else. Around a loop, the end of an iteration meets the start of the next.

    ```mlir
    tt.store %p, %v : tensor<64x!tt.ptr<f32, 3>, #b>
    %w = tt.load %q : tensor<64x!tt.ptr<f32, 3>, #b>
    // becomes
    tt.store %p, %v : tensor<64x!tt.ptr<f32, 3>, #b>
    gpu.barrier
    %w = tt.load %q : tensor<64x!tt.ptr<f32, 3>, #b>
    ```
  }];
}

def TLELowerLocalPointers : TLE_ModulePass<"triton-tle-lower-local-pointers"> {
  let summary = "local pointers become addresses, accesses inline PTX";
  let description = [{
    What no `ttg` op can express: each pointer becomes its i32 shared address,
    made by arithmetic that includes the buffer's swizzle, and accesses through
    it become `ld.shared`, `st.shared` and `atom.shared`, predicated by their
    masks. Index bits beyond the buffer's shape are dropped, so that no index
    reaches another buffer.

    ```mlir
    %p = "tle.local_pointers"(%buf, %i) : (!ttg.memdesc<64xf32, ...>, tensor<64xi32, #b>) -> tensor<64x!tt.ptr<f32, 3>, #b>
    %v = tt.load %p : tensor<64x!tt.ptr<f32, 3>, #b>
    // becomes
    %base = builtin.unrealized_conversion_cast %buf : !ttg.memdesc<64xf32, ...> to i32
    %bases = tt.splat %base : i32 -> tensor<64xi32, #b>
    %in = arith.andi %i, %c63 : tensor<64xi32, #b>
    %bytes = arith.shli %in, %c2 : tensor<64xi32, #b>
    %a = arith.addi %bases, %bytes : tensor<64xi32, #b>
    %v = tt.elementwise_inline_asm "ld.shared.b32 $0, [$1];" {...} %a : tensor<64xi32, #b> -> tensor<64xf32, #b>
    ```

    A buffer used so gets a `ttg.local_dealloc` at the end of the region that
    allocates it: shared-memory allocation does not see the accesses.
  }];
}

//===----------------------------------------------------------------------===//
// WGMMA operands
//===----------------------------------------------------------------------===//

def TLELowerWGMMAViews : TLE_ModulePass<"triton-tle-lower-wgmma-views"> {
  let summary = "tle.memdesc_wgmma_view becomes ttg.memdesc_trans";
  let description = [{
    ```mlir
    %v = tle.memdesc_wgmma_view %buf {order = array<i32: 1, 0>} : !ttg.memdesc<...> -> !ttg.memdesc<...>
    // becomes
    %v = ttg.memdesc_trans %buf {order = array<i32: 1, 0>} : !ttg.memdesc<...> -> !ttg.memdesc<...>
    ```

    Views that change nothing go.

    Stock's lowering takes the elements of a `#ttg.nvmma_shared` layout without
    a swizzle to lie row by row, `transposed` or not: through a transposition of
    such a buffer it finds other elements. So loads, stores and copies access
    the buffer itself, and the tensor in registers is transposed, which moves
    nothing. With a swizzle they stay as they are.

    ```mlir
    %t = ttg.memdesc_trans %buf {order = array<i32: 1, 0>} : !ttg.memdesc<32x16xf8E5M2, #no_swizzle> -> !ttg.memdesc<16x32xf8E5M2, #no_swizzle_transposed>
    %x = ttg.local_load %t : !ttg.memdesc<16x32xf8E5M2, #no_swizzle_transposed> -> tensor<16x32xf8E5M2, #blocked>
    // becomes
    %y = ttg.local_load %buf : !ttg.memdesc<32x16xf8E5M2, #no_swizzle> -> tensor<32x16xf8E5M2, #blocked_transposed>
    %x = tt.trans %y {order = array<i32: 1, 0>} : tensor<32x16xf8E5M2, #blocked_transposed> -> tensor<16x32xf8E5M2, #blocked>
    ```
  }];
}

def TLELowerOperandFences : TLE_ModulePass<"triton-tle-lower-operand-fences"> {
  let summary = "tle.wgmma_shared_operand_fence becomes ttng.fence_async_shared";
  let description = [{
    ```mlir
    tle.wgmma_shared_operand_fence %buf : !ttg.memdesc<...>
    // becomes
    ttng.fence_async_shared {bCluster = false}
    ```

    One fence orders all of shared memory, so of fences with only views and
    arithmetic between them one remains.
  }];
}

//===----------------------------------------------------------------------===//
// Register tensors
//===----------------------------------------------------------------------===//

def TLELowerExclusiveCumsum : TLE_ModulePass<"triton-tle-lower-exclusive-cumsum"> {
  let summary = "tle.exclusive_cumsum becomes tt.scan and tt.reduce";
  let description = [{
    The exclusive sum of integers is the inclusive one less the element, exact
    in modular arithmetic. For floats each element carries a pair (sum of a run,
    sum of the run but for its last element), which combines associatively as
    (s1, e1) . (s2, e2) = (s1 + s2, s1 + e2) from (x, 0); no subtraction.

    ```mlir
    %e, %t = tle.exclusive_cumsum %x {axis = 0 : i32} : tensor<64xi32, #b> -> tensor<64xi32, #b>, i32
    // becomes
    %s = "tt.scan"(%x) <{axis = 0 : i32, reverse = false}> ({ ... arith.addi ... }) : (tensor<64xi32, #b>) -> tensor<64xi32, #b>
    %e = arith.subi %s, %x : tensor<64xi32, #b>
    %t = "tt.reduce"(%x) <{axis = 0 : i32}> ({ ... arith.addi ... }) : (tensor<64xi32, #b>) -> i32
    ```
  }];
}

def TLELowerExtractTile : TLE_ModulePass<"triton-tle-lower-extract-tile"> {
  let summary = "tle.extract_tile becomes a shape change or a pass through shared memory";
  let description = [{
    With constant indices, where each thread holds a like part of every tile, the
    tensor is reshaped to tiles and split until the tile is left; no data moves.
    In other layouts it goes through shared memory and the tile is a subslice of
    the copy. Indices that are not constants become pointers into that copy.

    ```mlir
    %t = tle.extract_tile %x[%i, %c0] : tensor<128x64xf32, #b> -> tensor<32x64xf32, #b>
    // becomes
    %buf = ttg.local_alloc %x : (tensor<128x64xf32, #b>) -> !ttg.memdesc<128x64xf32, #shared, #smem, mutable>
    %p = "tle.local_pointers"(%buf, %rows, %cols) : (...) -> tensor<32x64x!tt.ptr<f32, 3>, #b>
    gpu.barrier
    %t = tt.load %p : tensor<32x64x!tt.ptr<f32, 3>, #b>
    gpu.barrier
    ```
  }];
}

def TLELowerInsertTile : TLE_ModulePass<"triton-tle-lower-insert-tile"> {
  let summary = "tle.insert_tile becomes a shape change or a pass through shared memory";
  let description = [{
    With constant indices, where each thread holds a like part of every tile, the
    tensor is split down to the tile's place and joined again around the new
    tile. Else both go through shared memory: the tensor is written, the tile
    over it, and the result is read.

    ```mlir
    %r = tle.insert_tile %t, %x[%c1, %c0] : tensor<32x64xf32, #b>, tensor<128x64xf32, #b>
    // becomes
    %buf = ttg.local_alloc : () -> !ttg.memdesc<128x64xf32, #shared, #smem, mutable>
    ttg.local_store %x, %buf : ...
    %tile = ttg.memdesc_subslice %buf[32, 0] : ... -> !ttg.memdesc<32x64xf32, #shared, #smem, mutable, 128x64>
    ttg.local_store %t, %tile : ...
    %r = ttg.local_load %buf : ...
    ```

    The tensor is stored, not given to the allocation: stock's
    `tritongpu-reorder-instructions` moves an allocation with a value behind
    that value, out of a loop if need be, and the tile of one iteration would
    still be there in the next.
  }];
}

//===----------------------------------------------------------------------===//
// Tile-style pipelines
//===----------------------------------------------------------------------===//

def TLERelaxWGMMAWaits : TLE_ModulePass<"triton-tle-relax-wgmma-waits"> {
  let summary = "waits for products that order nothing go, others wait for less";
  let description = [{
    Each asynchronous product is a group, and groups end in the order of their
    issue. Stock waits for every product of a loop that it does not pipeline,
    between the links of a chain too:

    ```mlir
    %d = ttng.warp_group_dot %a, %b, %c {isAsync = true} : ...
    %w:3 = ttng.warp_group_dot_wait %d, %a, %b {pendings = 0 : i32} : ...
    %e = ttng.warp_group_dot %a1, %b1, %w#0 {isAsync = true} : ...
    %v:3 = ttng.warp_group_dot_wait %e, %a1, %b1 {pendings = 0 : i32} : ...
    // becomes
    %d = ttng.warp_group_dot %a, %b, %c {isAsync = true} : ...
    %e = ttng.warp_group_dot %a1, %b1, %d {isAsync = true} : ...
    %v:5 = ttng.warp_group_dot_wait %e, %a1, %b1, %a, %b {pendings = 0 : i32} : ...
    ```

    A wait need not end a group where a later wait of the same block ends it
    too, and in between

    - nothing uses the group's result: it is used behind the later wait only
      (and has the type of what that wait gives on already; stock's removal of
      layout conversions breaks off at a wait for tensors of two types), or by
      one product, as the accumulator that the product goes on adding to
      (same type of result and of factors, no partial sums outside of the tensor
      cores);
    - nothing may write a buffer that the group reads, or let others write it;
    - no call, no product that waits by itself, and no nested product or wait
      stands.

    The later wait then holds what the group reads, in registers or in shared
    memory, and the result if it is used behind; the number of groups that the
    first wait leaves under way grows, and a wait that ends nothing goes. Groups
    that began before the block are not known: up to its first wait for all, a
    block that such a group may reach stays as it is.
  }];
  let dependentDialects = ["::mlir::triton::nvidia_gpu::TritonNvidiaGPUDialect"];
}

def TLESinkDotWaits : TLE_ModulePass<"triton-tle-sink-dot-waits"> {
  let summary = "wait for asynchronous products where they are needed";
  let description = [{
    The stock pipeliner makes products asynchronous and puts a wait right
    behind each whose result the iteration itself uses. Where that use comes
    much later, as that of scores made one tile ahead of their softmax, the wait
    moves down to it: what stands between runs beside the tensor cores.

    ```mlir
    %s = ttng.warp_group_dot %q, %k, %zero {isAsync = true} : ...
    %w:2 = ttng.warp_group_dot_wait %s, %acc {pendings = 0 : i32} : ...
    %p = math.exp2 %x
    %r = arith.mulf %w#1, %scale
    // becomes
    %s = ttng.warp_group_dot %q, %k, %zero {isAsync = true} : ...
    %p = math.exp2 %x
    %w:2 = ttng.warp_group_dot_wait %s, %acc {pendings = 0 : i32} : ...
    %r = arith.mulf %w#1, %scale
    ```

    A wait passes no op that uses its results or anything else that an
    unfinished product defines, no product, no other wait, and nothing that
    writes shared memory or synchronizes: operands of the products are still
    read. Global memory products do not read, so a wait passes stores to it and
    relaxed reductions whose result is not used:

    ```mlir
    %d = ttng.warp_group_dot %p, %v, %zero {isAsync = true} : ...
    %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : ...
    %r = tt.atomic_rmw fadd, relaxed, gpu, %pointers, %before, %mask : ...
    // becomes
    %d = ttng.warp_group_dot %p, %v, %zero {isAsync = true} : ...
    %r = tt.atomic_rmw fadd, relaxed, gpu, %pointers, %before, %mask : ...
    %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : ...
    ```

    Waits that leave products pending stay where they are.

    A product may read its first factor from registers. If the wait does not
    hold that factor, as when the iteration before issued the product, the
    registers are free for other values before the product has ended, which PTX
    leaves undefined. Such a wait stays:

    ```mlir
    scf.for ... iter_args(%acc = %init) {
      %s = ttng.warp_group_dot %q, %k, %zero {isAsync = true} : ...
      %w:2 = ttng.warp_group_dot_wait %s, %acc {pendings = 0 : i32} : ...
      %p = math.exp2 %x
      %r = arith.mulf %w#1, %scale
      %o = ttng.warp_group_dot %p, %v, %r {isAsync = true} : ...
      scf.yield %o
    }
    ```
  }];
  let dependentDialects = ["::mlir::triton::nvidia_gpu::TritonNvidiaGPUDialect"];
}

def TLETileStylePipelineSchedule : TLE_ModulePass<"triton-tle-tile-style-pipeline-schedule"> {
  let summary = "choose loops whose tiles are copied ahead";
  let description = [{
    A loop with two stages or more that copies tiles asynchronously, waits for
    them and then only reads them is marked; what issues a tile gets stage 0,
    what consumes it stage 2. Nothing moves yet.

    ```mlir
    scf.for %iv = %lb to %ub step %st {
      %t = ttg.async_copy_global_to_local %ptrs, %buf : ...
      %g = ttg.async_commit_group tokens %t
      %w = ttg.async_wait %g {num = 0 : i32}
      %x = ttg.local_load %buf : ...
    } {tt.num_stages = 2 : i32}
    // becomes: the copy and what its address needs with {loop.stage = 0 : i32}, the rest with {loop.stage = 2 : i32}
    } {tle.async_tile_producer_count = 1 : i32, tle.tile_style_pipeline = 1 : i32,
       tt.num_stages = 2 : i32, tt.scheduled_max_stage = 2 : i32}
    ```

    There may be any number of copies, of buffers, and of waits: a read has to
    follow a wait for the copies into its own buffer only.

    A tile that is loaded into registers only to be put into shared memory is
    first turned into such a copy; what else uses its value reads it back.

    ```mlir
    %v = tt.load %ptrs, %mask
    %b = ttg.local_alloc %v : (...) -> !ttg.memdesc<64x64xbf16, #shared, #smem>
    // becomes, with %b a mutable buffer in front of the loop
    %t = ttg.async_copy_global_to_local %ptrs, %b mask %mask
    %g = ttg.async_commit_group tokens %t
    %w = ttg.async_wait %g {num = 0 : i32}
    ```

    A loop stays as it is, stock's pipeliner free to take it, if

    - an address depends on what an iteration computes from a tile: what is
      copied ahead may depend on the induction variable, on loads from memory
      that the loop does not write (different arguments of the function count as
      different memory), and on carried values that depend on nothing else, such
      as pointers that every iteration moves on;
    - a buffer is used outside of it, read before its copies have arrived, read
      by an asynchronous product that the iteration does not wait for, or not
      wholly overwritten in every iteration;
    - it holds another loop, runs once at most, has unsigned bounds, is to be
      warp-specialized by stock, or two slots of its buffers do not fit into
      shared memory beside all other buffers and the slots of loops that were
      chosen before it;
    - a tile cannot be copied: no runs of four bytes, or masked elements that
      are not zero.
  }];
  let dependentDialects = ["::mlir::triton::gpu::TritonGPUDialect"];
  let options = [
    Option<"numStages", "num-stages", "int64_t", "1", "stages of a loop that names none">,
    Option<"sharedMemory", "shared-memory", "int64_t", "232448", "bytes of shared memory that a CTA may have">,
    Option<"sharedMemoryReserve", "shared-memory-reserve", "int64_t", "512",
           "bytes kept free beyond what layout conversions and reductions in the loop may take">
  ];
}

def TLEMaterializeTileStylePipeline : TLE_ModulePass<"triton-tle-materialize-tile-style-pipeline"> {
  let summary = "expand the loops that were chosen";
  let description = [{
    Each buffer becomes N slots, N being the loop's number of stages, 32 at most,
    or what fits. The prologue issues tiles 0 to N-1, an iteration waits for its
    tile, consumes it, and issues tile i + N into the slot that it has freed. Any
    trip count is right, zero included: a tile that does not exist is not issued,
    and its group is committed empty. Where the trip count is a constant, there
    are no more slots than trips, and no conditions that are known.

    ```mlir
    // N = 2
    %slots = ttg.local_alloc : () -> !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
    scf.if %has0 { copy of tile 0 into slot 0 }
    ttg.async_commit_group
    scf.if %has1 { copy of tile 1 into slot 1 }
    ttg.async_commit_group
    scf.for %iv = %lb to %ub step %st iter_args(%slot = %c0) {
      // loads of indices: for tile i + 2, and those that consumers of tile i use
      ttg.async_wait {num = 1 : i32}
      ttng.fence_async_shared {bCluster = false}
      %buf = ttg.memdesc_index %slots[%slot] : ...
      // consumes %buf
      scf.if %more { copy of tile i + 2 into the slot }
      ttg.async_commit_group
      scf.yield %next
    } {tt.num_stages = 1 : i32}
    ttg.async_wait {num = 0 : i32}
    ttg.local_dealloc %slots : ...
    ```

    The fence is there only if products read the tiles. Carried values that
    addresses depend on are carried a second time, for the tile to come; what
    consumers do not need of the loop's body goes.

    A warp group product whose result is only the accumulator of the next one is
    not waited for; every other one ends where it stands, before its slot is
    filled again. A loop for which not even two slots fit loses
    its marks and is left to stock's pipeliner.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect", "::mlir::triton::gpu::TritonGPUDialect",
    "::mlir::triton::nvidia_gpu::TritonNvidiaGPUDialect"
  ];
  let options = [
    Option<"sharedMemory", "shared-memory", "int64_t", "232448", "bytes of shared memory that a CTA may have">,
    Option<"sharedMemoryReserve", "shared-memory-reserve", "int64_t", "512",
           "bytes kept free beyond what layout conversions and reductions in the loop may take">
  ];
}

def TLEGuardStockPipeline : TLE_ModulePass<"triton-tle-guard-stock-pipeline"> {
  let summary = "keep stock's pipeliner from loops that it gets wrong";
  let description = [{
    Stock's pipeliner moves an `if` of the loop, unless an address depends on
    it, behind the copies for later iterations, and counts the slots of a tile
    up to the last use that it sees. What an `if` reads from shared memory it
    sees for tiles with one use only; others it may overwrite while the `if`
    has yet to read them. Such a loop is not pipelined.

    ```mlir
    scf.for %i = %lb to %ub step %st iter_args(%acc = %zero) {
      %x = tt.load %ptrs
      %t = tt.trans %x                              // a second use
      %r = scf.if %condition {
        %b = ttg.local_alloc %x
        %d = ttng.warp_group_dot %a, %b, %acc
        ...
    } {tt.num_stages = 3 : i32}
    // becomes the same with {tt.num_stages = 1 : i32}
    ```
  }];
  let options = [
    Option<"numStages", "num-stages", "int64_t", "1", "stages of a loop that names none">
  ];
}

//===----------------------------------------------------------------------===//
// Asynchronous copies
//===----------------------------------------------------------------------===//

def TLEDowngradeInvalidAsyncCopy : TLE_ModulePass<"triton-tle-downgrade-invalid-async-copy"> {
  let summary = "copies that cp.async cannot make become loads and stores";
  let description = [{
    cp.async moves 4, 8 or 16 bytes. What a thread can move at once are elements
    that are neighbours in its registers, in global memory and in shared memory,
    aligned (by AxisInfo, or by the copy's own promise `contiguity`), and under
    one mask value. Where that is less than 4 bytes, stock reports an error, or
    aborts where the buffer runs along another dimension. Masked elements other
    than zero it would silently make zero. Such copies become

    ```mlir
    %t = ttg.async_copy_global_to_local %p, %buf mask %m : tensor<64x64x!tt.ptr<i8>, #b> -> <64x64xi8, #shared, #smem, mutable>
    %g = ttg.async_commit_group tokens %t
    %w = ttg.async_wait %g {num = 0 : i32}
    // becomes
    %v = tt.load %p, %m, %zero : tensor<64x64x!tt.ptr<i8>, #b>
    ttg.local_store %v, %buf : tensor<64x64xi8, #b> -> !ttg.memdesc<64x64xi8, #shared, #smem, mutable>
    gpu.barrier
    ```

    The load takes a coalesced layout, its operands being converted, where
    AxisInfo knows neighbours that the copy's layout has in different threads.
    Copies that stay get the number found as `contiguity`, which stock's
    lowering trusts where its own analysis knows less.

    The group of a copy that is gone is still committed, if empty, so that each
    wait still counts the groups it counted; a token that a loop carries becomes
    that of an empty group. A wait for empty groups alone becomes the barrier
    that it is beside that, if all waits of the function are for all groups and
    each group is waited for by its token.
  }];
}

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
    row of 1024 bytes is two instructions of the warp, and a thread has to know
    the address and mask of every row that its warp loads: eight for 64 rows
    and 8 warps. If the rows are gathered, that is eight indices to load, check
    and multiply for every tile.

    Memory asks for no more than 128 bytes in a row, and a tile in shared
    memory can be written in any order. So a load whose rows are longer, and
    which only shared memory uses, takes the layout with 128 bytes of a row to
    the lanes and the rest of the warp on further rows: here two rows for a
    thread, the columns at constant distances.

    ```mlir
    #blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [1, 32], warpsPerCTA = [8, 1], order = [1, 0]}>
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
