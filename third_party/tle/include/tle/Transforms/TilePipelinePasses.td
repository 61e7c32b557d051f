// Part of Passes.td: the passes of tile-style pipelines and their copies.

#ifndef TLE_TRANSFORMS_TILEPIPELINEPASSES_TD
#define TLE_TRANSFORMS_TILEPIPELINEPASSES_TD

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
    - in a tile-style loop whose copies fill a buffer that the group reads, stock
      puts no barrier: stock would take the group's reads to have ended there,
      and let the copies follow the later wait without a barrier of their own;
    - stock puts in no barrier, or that does no harm: one group of warps makes
      the product, the partition never writes what it reads, or a barrier of the
      program comes behind the later wait before anything is written. Stock takes
      the reads before a barrier to have ended. It puts barriers around stores to
      shared memory, reductions and conversions across warps, and ahead of loads
      and products that read what was stored before;
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

    Stock puts in its barriers later and takes what was read before one to have
    been read when it is passed. The reads of a product go on until its wait. Where
    several groups of warps multiply and the partition writes what its products
    read, a wait stays before an op that stock may put a barrier around, unless a
    barrier of the program comes behind the wait before anything is written:

    ```mlir
    %d = ttng.warp_group_dot %a, %b, %zero {isAsync = true} : ...
    %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : ...
    %x = math.exp2 %s
    %c = ttg.convert_layout %x            // across warps
    ttg.local_store %next, %b
    // becomes
    %d = ttng.warp_group_dot %a, %b, %zero {isAsync = true} : ...
    %x = math.exp2 %s
    %w = ttng.warp_group_dot_wait %d {pendings = 0 : i32} : ...
    %c = ttg.convert_layout %x
    ttg.local_store %next, %b
    ```

    In a tile-style loop, the wait for a product that reads a tile passes no place
    for a barrier of stock's: behind such a barrier stock would let the copies
    for the next tile start while other warps still multiply. Conversions and
    reductions between threads are such places, and what reads shared memory that
    was written since the last barrier.

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

    A tile that is loaded into registers only to be put into shared memory, as
    it is or turned around, is first turned into such a copy; what else uses
    its value reads it back.

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
      warp-specialized by stock, or its buffers do not fit into shared memory
      beside all other buffers and the slots of loops that were chosen before
      it: twice, or once with a product or an access to other memory left to do
      behind the last read of the tile;
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

    Where only one tile fits, the buffers stay what they are, and the next tile
    is issued as soon as this one has been read. What needs no result of the
    last product that reads it stays in front of the copies, beside the product,
    up to the next product or access to other memory.

    ```mlir
    // N = 1
    scf.if %has0 { copy of tile 0 into %buf }
    ttg.async_commit_group
    scf.for %iv = %lb to %ub step %st {
      // loads of indices: for tile i + 1, and those that consumers of tile i use
      ttg.async_wait {num = 0 : i32}
      ttng.fence_async_shared {bCluster = false}
      // all that reads %buf
      scf.if %more { copy of tile i + 1 into %buf }
      ttg.async_commit_group
      // the rest of the iteration
    } {tt.num_stages = 1 : i32}
    ttg.async_wait {num = 0 : i32}
    ```

    The fence is there only if products read the tiles. Carried values that
    addresses depend on are carried a second time, for the tile to come; what
    consumers do not need of the loop's body goes.

    A warp group product whose result is only the accumulator of the next one is
    not waited for, unless stock may put a barrier between the two, or what
    follows in its chain is all that can run beside the copies into a single
    slot; every other one ends where it stands, before its slot is filled again.
    A loop whose tile does not fit loses its marks and is left to stock's
    pipeliner.
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

#endif // TLE_TRANSFORMS_TILEPIPELINEPASSES_TD
