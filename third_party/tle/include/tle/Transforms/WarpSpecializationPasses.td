// Part of Passes.td: the passes of partitions and of the pipes between them.

#ifndef TLE_TRANSFORMS_WARPSPECIALIZATIONPASSES_TD
#define TLE_TRANSFORMS_WARPSPECIALIZATIONPASSES_TD

def TLEWarpSpecializeTileLoop : TLE_ModulePass<"triton-tle-warp-specialize-tile-loop"> {
  let summary = "a loop over gathered tiles becomes partitions with pipes";
  let description = [{
    A loop marked with `tt.warp_specialize` that gathers tiles is divided: a
    partition of its own copies them into the slots of a pipe, the kernel's warps
    do the rest. Runs before tensors get layouts.

    ```mlir
    %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
    %out = scf.for %i = %c0 to %n step %c64 iter_args(%acc = %zero) {
      %ids = tt.load %index_pointers                        // of %i
      %ok = arith.cmpi sge, %ids, %none
      %tile = tt.load %tile_pointers, %mask                 // of %ids and %ok
      %p = "tle.local_pointers"(%buf)
      tt.store %p, %tile
      %k = tt.load %p
      %next = ... tt.dot %q, %k ... %ok ...
      scf.yield %next
    } {tt.num_stages = 2 : i32, tt.warp_specialize}
    tt.store %out_pointers, %out
    // becomes
    %slots = ttg.local_alloc : () -> !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
    %oks = ttg.local_alloc : () -> !ttg.memdesc<2x64xi8, #shared1, #smem, mutable>
    tle.pipe_create %barriers, %slots, %oks {name = "tiles0", readers = ["consumer"], ...}
    ttg.warp_specialize(%barriers, %slots, %oks, %n, ...)
    default {
      %out:2 = scf.for %i = %c0 to %n step %c64 iter_args(%acc = %zero, %number = %c0) {
        %slot = ttg.memdesc_index %slots[%number mod 2]
        tle.pipe_wait %barriers[%number] {reader = "consumer"}
        %p = "tle.local_pointers"(%slot)
        %k = tt.load %p
        %next = ... tt.dot %q, %k ... what %oks[%number mod 2] holds ...
        tle.pipe_release %barriers[%number] {reader = "consumer"}
        scf.yield %next, %number + 1
      } {tle.consumer}
      tt.store %out_pointers, %out
      ttg.warp_yield
    }
    partition0(...) num_warps(4) {
      scf.for %i = %c0 to %n step %c64 iter_args(%number = %c0) {
        %ids = tt.load %index_pointers
        tle.pipe_acquire %barriers[%number]
        ttg.async_copy_global_to_local %tile_pointers, %slots[%number mod 2] mask %mask
        ttg.local_store %ok, %oks[%number mod 2]
        tle.pipe_commit %barriers[%number]
        scf.yield %number + 1
      }
      ttg.warp_return
    }
    ```

    Tiles are matrices loaded into a buffer that each iteration overwrites and
    then reads, or operands of products. A tile that is first read behind a
    reduction that follows the first read of another (V behind the softmax of
    QK^T) gets a pipe of its own, and so does one of 16384 bytes or more that
    follows 32768 bytes of others: these are used while it is on its way. What
    the rest of the loop needs of the
    addresses' values crosses through the pipe if it depends on memory, and is
    computed twice otherwise; a vector that it makes of one of them and constants
    (-inf where an index is no key) is made before it crosses. All that stands behind the loop goes with it; what
    stands before it too, if the producer does not need it. Large stores behind
    the loop go through slots of tiles, all of them before any is stored if each
    has a slot of its own.

    Tiles may be blocks of descriptors that are arguments of the kernel, too: the
    producer loads such a block and stores it into the slot, which
    `triton-tle-lower-pipes` makes one copy by TMA. If all tiles come so, into two
    slots or more, without a loop over items, the rest's loop gets
    `tle.may_take_turns`, for `triton-tle-take-turns`.

    A loop over work items around it is divided with it: each side has it, with
    what of its body it needs, and counts tiles from item to item, so that the
    producer gathers the next item's tiles while the consumer ends an item. A
    large store then goes through the slot of the item's last tile, which is
    released behind it; an item without tiles has an empty one for that.

    ```mlir
    scf.for %item = %first to %items step %programs {
      before
      %out = scf.for ... { gather; rest } {tt.warp_specialize}
      tt.store %out_pointers, %out
    }
    // becomes
    default {
      scf.for %item = %first to %items step %programs iter_args(%start = %c0) {
        before
        %out:2 = scf.for %i = ... to %n step %s iter_args(..., %number = %start) {
          wait; rest
          scf.if (%n - %i > %s) { tle.pipe_release %barriers[%number] {reader = "consumer"} }
        } {tle.consumer}
        %next = arith.select (%out#1 == %start), %start + 1, %out#1
        tle.pipe_wait %barriers[%next - 1] {reader = "consumer"}
        store %out#0 to the slot, load it in rows
        tle.pipe_release %barriers[%next - 1] {reader = "consumer"}
        tt.store %out_pointers, ...
        scf.yield %next
      }
    }
    partition0(...) num_warps(4) {
      scf.for %item = %first to %items step %programs iter_args(%start = %c0) {
        what addresses need
        %end = scf.for ... iter_args(%number = %start) { acquire; gather; commit }
        scf.if (%end == %start) { acquire and commit tile %start }
        %next = arith.select (%end == %start), %start + 1, %end
        scf.yield %next
      }
    }
    ```

    A loop stays as it is, without the mark, and a remark says why, if

    - the target is none of compute capability 9, the kernel runs in clusters,
      or its number of warps is no multiple of 4;
    - it stands in a branch or in several loops, holds a loop, or the kernel has
      partitions already, atomics on shared memory, or calls;
    - the loop around it carries values or holds another one, or an address
      depends on more of its body than loads and arithmetic;
    - a store of 8192 bytes or more in the loop around it fits into no slot;
    - an address depends on what an iteration computes from a tile, or on a
      tensor loaded before the loops; or the kernel makes the descriptor;
    - the loops may write what it gathers, or addresses that are loaded (different
      arguments of the function count as different memory);
    - a tile has no runs of four bytes, or masked elements that are not zero;
    - two slots do not fit into shared memory.

    Shared memory is an estimate here: `shared-memory-reserve` stands for what
    later passes add. `tle.counted_bytes` on `ttg.warp_specialize` is the rest:
    slots, other buffers, operands of products. If the finished kernel takes
    more than the two together and does not fit, the compiler begins again with
    what it takes beyond the counted bytes as the reserve: the loop gets fewer
    slots, or stays whole.
  }];
  let options = [
    Option<"computeCapability", "compute-capability", "int64_t", "90", "of the target">,
    Option<"numCtas", "num-ctas", "int64_t", "1", "CTAs of a cluster">,
    Option<"numWarps", "num-warps", "int64_t", "4", "warps of the kernel">,
    Option<"numStages", "num-stages", "int64_t", "2", "slots of a loop that names no stages">,
    Option<"sharedMemory", "shared-memory", "int64_t", "232448", "bytes of shared memory that a CTA may have">,
    Option<"producerRegisters", "producer-registers", "int64_t", "40",
           "least registers of a thread that gathers, where registers are short">,
    Option<"sharedMemoryReserve", "shared-memory-reserve", "int64_t", "2048",
           "bytes of shared memory for what is not counted">,
    Option<"everyLoop", "every-loop", "bool", "false", "whether loops need no mark">
  ];
}

def TLELazyRescaling : TLE_ModulePass<"triton-tle-lazy-rescaling"> {
  let summary = "sums follow a running maximum where it has grown much";
  let description = [{
    An online softmax scales its sums whenever the maximum grows. In the loop of
    a consumer that `triton-tle-warp-specialize-tile-loop` made, exponents become
    relative to a reference that follows the maximum only when it has grown by
    more than 8 powers of two. The factor is 1 otherwise, so that wide
    accumulators need no scaling in most iterations.

    ```mlir
    %m1 = arith.maxnumf %m0, %largest
    %d = arith.subf %m0, %m1
    %f = math.exp2 %d
    %p = math.exp2 (%s - %m1)
    %next = tt.dot %p, %v, (%acc * %f)
    // becomes
    %m1 = arith.maxnumf %m0, %largest
    %above = arith.cmpf ogt, %m1, (%r0 + 8.0)
    %r1 = arith.select %above, %m1, %r0              // carried by the loop too
    %d = arith.subf %r0, %r1
    %f = math.exp2 %d
    %p = math.exp2 (%s - %r1)
    %next = tt.dot %p, %v, (%acc * %f)
    // and behind the loop, for each value that is scaled
    %c = arith.select (%r == %m), 1.0, math.exp2 (%r - %m)
    %result = arith.mulf %acc, %c
    ```

    The maximum itself stays as it was, and what stands behind the loop gets the
    values that it got before, but for rounding.

    It is done if the loop uses the maximum, factor and weights for nothing else:
    each carried value that depends on them is multiplied by the factor once and
    gets what is linear in the weights added (products, sums, conversions, other
    shapes, selections between weights and zero), row by row, in float32, float64
    or bfloat16, and one of them is an accumulator of 256 columns or more. Else a remark says that it
    is not.
  }];
}

def TLESeparateAccumulation : TLE_ModulePass<"triton-tle-separate-accumulation"> {
  let summary = "scores and wide accumulators in partitions of their own";
  let description = [{
    The loop of a consumer that `triton-tle-warp-specialize-tile-loop` made is
    divided once more if its accumulators have 256 columns or more: the kernel's
    warps keep the accumulators, and each group of four of them has its columns;
    a partition of four warps makes the scores and what follows from them, and
    passes on the weights and the factor of the accumulators.

    ```mlir
    ttg.warp_specialize(%bars, %tiles, ...)
    default {
      %r:2 = scf.for ... iter_args(%m0, %acc, %number) {
        tle.pipe_wait %bars[%number] {reader = "consumer"}
        %p, %f = ... tt.dot %q, %k ...
        %next = tt.dot %p, %k, (%acc * %f)
        tle.pipe_release %bars[%number] {reader = "consumer"}
      } {tle.consumer}
      tt.store %pointers, (%r#1 * ... %r#0)
      tt.store %maxima, %r#0
    }
    partition0(...) num_warps(4) { gather }
    // becomes
    default {
      %r = scf.for ... iter_args(%acc, %number) {
        tle.pipe_wait %bars[%number] {reader = "sums"}
        tle.pipe_wait %fbars[%number] {reader = "sums"}
        %scaled = scf.if (any of the factors is not 1) { %acc * local_load %f } else { %acc }
        tle.pipe_release %fbars[%number] {reader = "sums"}
        tle.pipe_wait %pbars[%number] {reader = "sums"}
        %next = tt.dot (local_load %p), %k, %scaled
        tle.pipe_release %pbars[%number] {reader = "sums"}
        tle.pipe_release %bars[%number] {reader = "sums"}
      }
      tle.pipe_wait %finals[0] {reader = "sums"}
      tt.store %pointers, (%r * local_load ...)
    }
    partition0(...) num_warps(4) {
      tle.pipe_wait %operands[0] {reader = "scores"}
      %m = scf.for ... iter_args(%m0, %number) {
        tle.pipe_wait %bars[%number] {reader = "scores", tle.implied_release}
        %p, %f = ... tt.dot (local_load %q), %k ...
        acquire, store and commit %f and %p, each as soon as it is there
      }
      acquire, store and commit what the sums need behind the loop
      tt.store %maxima, %m
    }
    partition1(...) num_warps(4) { copy %q; gather }
    ```

    Matrices that the kernel loads before the loop, for the left side of the
    scores' products only, are copied by the partition that gathers. What
    does not depend on scores is computed on each side that needs it. A tile that
    both sides read is released by the sums alone, for they have waited for
    weights that are made of it; others by each side that reads them.

    A loop over items around it is on all sides. Operands and what the sums need
    behind the loop then have one tile an item: the operands of the next one are
    copied behind its first tile, when the scores have released these.

    A loop stays as it is, and a remark says why, if

    - its accumulators have less than 256 columns together, or rows that are no
      multiple of 64, or are used for more than sums of products;
    - registers or shared memory do not suffice;
    - it writes memory, or what stands behind it does more than load and store;
    - a value that the sums need from the scores is no tensor of numbers;
    - one partition may write what another one reads or writes (different
      arguments of the function count as different memory);
    - in a loop over items, it holds the last tile of a pipe that the sums do not
      read, or there is more than one pipe of tiles and one of them is held.

    `tle.counted_bytes` becomes the bytes of shared memory that are counted with
    what crosses; `shared-memory-reserve` is what is added for the rest.
  }];
  let options = [
    Option<"numWarps", "num-warps", "int64_t", "8", "warps of the kernel">,
    Option<"sharedMemory", "shared-memory", "int64_t", "232448", "bytes of shared memory that a CTA may have">,
    Option<"sharedMemoryReserve", "shared-memory-reserve", "int64_t", "1024",
           "bytes of shared memory for what is not counted: captures, small reductions">
  ];
}

def TLELowerPipes : TLE_ModulePass<"triton-tle-lower-pipes"> {
  let summary = "pipes become mbarriers";
  let description = [{
    Each slot of a pipe has two mbarriers. Phases follow from the number of the
    tile: tile i lies in slot i mod N, and is round i / N of that slot.

    ```mlir
    tle.pipe_create %bars, %a {name = "tiles", oneShot = false, readers = ["mma"]}   // two slots
    tle.pipe_wait %bars[%i] {reader = "mma"}
    tle.pipe_release %bars[%i] {reader = "mma"}
    // becomes
    ttng.init_barrier %word, 128 {tle.per_thread}              // each word, then one gpu.barrier for all pipes
    %slot = arith.andi %i, %c1
    %full = ttg.memdesc_index %bars[%slot]
    %round = arith.shrui %i, %c1
    %phase = arith.andi %round, %c1
    ttng.wait_barrier %full, %phase {tle.per_thread, tle.pipe = 0 : i32}
    %empty = ttg.memdesc_index %bars[%slot + 2]
    ttng.arrive_barrier %empty, 1 {tle.per_thread, tle.pipe = 0 : i32}
    ```

    Every thread of a partition arrives, so no barrier of its warps is needed;
    the counts follow from the partitions' numbers of warps. A commit is an
    `arrive_barrier` if the writer stores into the fields, an
    `async_copy_mbarrier_arrive {noIncrement}` if it starts asynchronous copies
    into them, and both, with twice the count, if it does both.

    A reader whose waits bear `tle.implied_release` never releases: the empty
    barriers count the other readers. If no reader releases, there are none, and
    the writer does not wait.

    A block that the writer loads by a descriptor and stores into a slot comes
    from TMA directly. The slot's barrier expects its bytes, announced before
    the copy by one thread of each warp, which arrives for them at the commit:

    ```mlir
    %v = tt.descriptor_load %desc[%x, %y]
    ttg.local_store %v, %slot                                  // = ttg.memdesc_index %a[%s]
    tle.pipe_commit %bars[%i]
    // becomes
    ttng.barrier_expect %full, 8192 {tle.per_thread, tle.pipe = 0 : i32}, %true
    ttng.async_tma_copy_global_to_local %desc[%x, %y] %slot, %full, %true {tle.per_thread, tle.pipe = 0 : i32}
    ttng.arrive_barrier %full, 1 {tle.per_thread, tle.per_warp, tle.pipe = 0 : i32}
    ```

    It stays a load and a store where the slot is no whole one, its arrangement
    is not the one that stock gives to a descriptor of such blocks, something
    else uses the loaded tensor, or another op writes the field.

    Where a pipe is made in a loop, its words stop being mbarriers
    (`ttng.inval_barrier`) at the end of each iteration.

    Later passes know the pipe of a step by its number (`tle.pipe`), and the
    allocations of its fields by the same one (`tle.pipe_field`).

    Errors, each at the line that is wrong (`PipeChecks.cpp`):

    - an end that two partitions use, both ends in one partition, a pipe used
      outside of partitions or by two `ttg.warp_specialize`, one made outside of
      a loop around it, a buffer that is a field twice;
    - a pipe that is never written or never read, a reader that never releases
      and does not say so, one that says so and does;
    - a commit that no acquire can precede, a release that no wait can precede;
    - a field accessed without either, by a partition without an end, by a
      reader behind the release of the tile, or written behind its commit;
    - steps out of the order of tiles; numbers of tiles, sums of values that
      are not known, with which somebody would wait for ever; pipes that wait
      for each other (`PipeOrder.cpp`);
    - where all loops around the steps have constant bounds: numbers of tiles
      with which somebody would wait for ever, and steps for tiles below 0,
      beyond those that are committed or beyond the slots of a one-shot pipe.
  }];
}

def TLEPlaceDotWaits : TLE_ModulePass<"triton-tle-place-dot-waits"> {
  let summary = "products of a partition wait as late as they may";
  let description = [{
    In a partition of `ttg.warp_specialize`, products follow each other without
    waiting if one only adds to the other:

    ```mlir
    %s0 = ttng.warp_group_dot %a0, %b0, %zero
    %s1 = ttng.warp_group_dot %a1, %b1, %s0
    // becomes
    %d0 = ttng.warp_group_dot %a0, %b0, %zero {isAsync = true}
    %d1 = ttng.warp_group_dot %a1, %b1, %d0 {isAsync = true}
    %s1 = ttng.warp_group_dot_wait %d1 {pendings = 0}
    ```

    Between them may stand what has no effects, what reads memory, reductions,
    fences, waits for mbarriers, stores to other buffers and to global memory,
    and relaxed additions to that. The release of a slot that a product reads
    comes behind a wait for it: it may let others overwrite the slot. A release
    of another pipe, or of another slot of the same pipe, need not wait for it.
    So of two products beside each other the slot of the first is free while the
    second runs:

    ```mlir
    %l = ttng.warp_group_dot %p, %v0, %acc0
    %r = ttng.warp_group_dot %p, %v1, %acc1
    ttng.arrive_barrier %empty0, 1 {tle.per_thread, tle.pipe = 0 : i32}   // %v0 is a field of pipe 0
    ttng.arrive_barrier %empty1, 1 {tle.per_thread, tle.pipe = 1 : i32}   // %v1 of pipe 1
    // becomes
    %d0 = ttng.warp_group_dot %p, %v0, %acc0 {isAsync = true}
    %d1 = ttng.warp_group_dot %p, %v1, %acc1 {isAsync = true}
    %l = ttng.warp_group_dot_wait %d0 {pendings = 1}
    ttng.arrive_barrier %empty0, 1 {tle.per_thread, tle.pipe = 0 : i32}
    %r = ttng.warp_group_dot_wait %d1 {pendings = 0}
    ttng.arrive_barrier %empty1, 1 {tle.per_thread, tle.pipe = 1 : i32}
    ```

    A sum that a loop carries, and that the body only adds to, is under way over
    the back edge. If the program releases tile i - 1 behind the product with
    tile i, the wait ends the product of the iteration before, and that of this
    one runs on:

    ```mlir
    scf.for ... iter_args(%acc = %zero, %i = %c0) {
      %next = ttng.warp_group_dot %p, %v, %acc                    // %v is slot %i mod 2
      ttng.arrive_barrier %empty, 1 {tle.per_thread, tle.pipe = 0 : i32}  // of slot (%i - 1) mod 2
      scf.yield %next, %i + 1
    }
    // becomes
    %sum = scf.for ... iter_args(%acc = %zero, %i = %c0) {
      %d = ttng.warp_group_dot %p, %v, %acc {isAsync = true}
      %next = ttng.warp_group_dot_wait %d {pendings = 1}
      ttng.arrive_barrier %empty, 1 {tle.per_thread, tle.pipe = 0 : i32}
      scf.yield %next, %i + 1
    }
    ttng.warp_group_dot_wait %sum {pendings = 0}
    ```

    A branch that reads such a sum (to rescale it, say) begins with the wait; the
    other path goes on without:

    ```mlir
    %scaled = scf.if %grown {
      %ended = ttng.warp_group_dot_wait %acc {pendings = 0}
      %product = arith.mulf %ended, %factor
      scf.yield %product
    } else {
      scf.yield %acc
    }
    ```

    What a partition reads without releasing it (`tle.implied_release` on its
    waits) others may release after any arrival of this partition: its product
    ends before the next one.

    A partition of more than one group of warps that itself writes what a product
    reads ends the product before an op that stock may put a barrier around (a
    store to shared memory, a reduction across warps, a load or a product that
    reads what was stored before), unless a barrier of the program comes before
    anything is written. Stock takes the reads before a barrier to have ended.

    Each product ends within the iteration that follows its own. Not carried
    under way are products whose first factor lies in registers or which read a
    buffer that is no field of a pipe, sums that change places, and results that
    the next iteration reads otherwise: these end before the back edge. Slots are
    told apart where their numbers differ by a constant.

    Loops of partitions that hold a step of a pipe get `tt.num_stages = 0`, so
    that stock's pipeliner, which runs later and knows no release, leaves their
    products alone. Products in other loops are left to it.
  }];
}

def TLEFoldPartitionConversions : TLE_ModulePass<"triton-tle-fold-partition-conversions"> {
  let summary = "values of a partition take the layout that they are converted to";
  let description = [{
    Stock gives loads a layout of their own and converts what they load. In a
    partition a conversion through shared memory is worse than elsewhere: with
    it come barriers that hold up warps which otherwise only pipes hold up.

    Values connected by ops that have no layout of their own (elementwise ops,
    loops and branches that carry them, reads and writes of shared memory) take
    together the layout of a conversion at their border:

    ```mlir
    %i = tt.load %p : tensor<64x!tt.ptr<i32>, #blocked>
    %j = ttg.convert_layout %i : tensor<64xi32, #blocked> -> tensor<64xi32, #ttg.slice<{dim = 1, parent = #rows}>>
    // becomes
    %j = tt.load %q : tensor<64x!tt.ptr<i32>, #ttg.slice<{dim = 1, parent = #rows}>>
    ```

    Loads and stores of global memory take part if they have no more elements
    than the partition has threads: several threads then access the same.

    A reduction of such a vector to a scalar is made by each warp for itself:

    ```mlir
    %v = ttg.local_load %b : !ttg.memdesc<64xf32, ...> -> tensor<64xf32, #blocked>
    %m = "tt.reduce"(%v) <{axis = 0 : i32}> ({ ... }) : (tensor<64xf32, #blocked>) -> f32
    // becomes, with #each = #ttg.blocked<{sizePerThread = [2], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
    %v = ttg.local_load %b : !ttg.memdesc<64xf32, ...> -> tensor<64xf32, #each>
    %m = "tt.reduce"(%v) <{axis = 0 : i32}> ({ ... }) : (tensor<64xf32, #each>) -> f32
    ```

    Left as they are: values that an op with a layout of its own makes or uses
    (products, matrix reductions, ranges that are broadcast), and those that
    would need as many conversions afterwards.
  }];
}

def TLEFindOrderedPartitions : TLE_ModulePass<"triton-tle-find-ordered-partitions"> {
  let summary = "which partitions only pipes order";
  let description = [{
    Names in `tle.ordered` the regions of a `ttg.warp_specialize` (0 is the
    default one, i + 1 partition i) in which no thread ever sees what another
    thread of the same region did to shared memory, except through a pipe:

    - each buffer is a field of a pipe, and the region only reads or only writes
      it: what is read comes from other partitions, through the wait for the
      slot;
    - an op that writes does so once a tile: a step of the pipe for its slot
      stands in the same loop. Two ops write to different parts of a slot, to
      different slots, or have such a step between them; then two rounds of the
      ring lie between writes of one place, and all threads have committed and
      every reader has released;
    - nothing takes scratch memory: no scan or gather, no conversion of layouts
      but those that leave each element in its thread, only reductions inside of
      warps;
    - there is no barrier that the kernel asks for.

    ```mlir
    ttg.warp_specialize(%bars, %tile) attributes {...}
    // becomes
    ttg.warp_specialize(%bars, %tile) attributes {tle.ordered = array<i32: 1>, ...}
    ```

    `triton-tle-lower-pipes` marks the fields (`tle.pipe_field`) and has checked
    that they are accessed behind an `acquire` or a `wait` only.
  }];
}

def TLETakeTurns : TLE_ModulePass<"triton-tle-take-turns"> {
  let summary = "two warp groups multiply in turn";
  let description = [{
    The two warp groups of a partition of eight warps begin a loop together. Both
    multiply, then both calculate (a softmax), and the tensor cores are idle
    meanwhile. Here one calculates while the other multiplies: who is to issue
    products waits for its turn, which the other one gives when its own have
    ended.

    ```mlir
    ttg.warp_specialize(...)
    default {
      %out = scf.for ... iter_args(..., %i = %c0) {
        %d = ttng.warp_group_dot %q, %k, %zero {isAsync = true}
        %s = ttng.warp_group_dot_wait %d {pendings = 0 : i32}
        ttng.arrive_barrier %free, 1 {tle.per_thread}
        ttng.wait_barrier %full, %phase {tle.per_thread}
        ...                                               // softmax of %s: %p
        %o = ttng.warp_group_dot %p, %v, %scaled {isAsync = true}
        %w = ttng.warp_group_dot_wait %o {pendings = 0 : i32}
      } {tle.may_take_turns}
    // becomes
    %turns = ttg.local_alloc : () -> !ttg.memdesc<2x1xi64, #shared, #smem, mutable>
    ttng.init_barrier %turns[0], 128 {tle.per_thread}      // and of %turns[1]
    ttg.warp_specialize(...)
    default {
      ttng.fence_async_shared {bCluster = false}
      gpu.barrier
      %group = tt.elementwise_inline_asm "... shr.u32 thread, thread, 7; and.b32 $0, thread, 1; ..."
      %other = arith.xori %group, %c1
      ttng.wait_barrier %turns[%group], %other {tle.per_thread, tle.turn}
      %out = scf.for ... iter_args(..., %i = %c0) {
        %d = ttng.warp_group_dot %q, %k, %zero {isAsync = true}
        %s = ttng.warp_group_dot_wait %d {pendings = 0 : i32}
        ttng.arrive_barrier %free, 1 {tle.per_thread}
        ttng.arrive_barrier %turns[%other], 1 {tle.per_thread}
        ...                                               // softmax of %s: %p
        ttng.wait_barrier %full, %phase {tle.per_thread}
        ttng.wait_barrier %turns[%group], (%i + %group) mod 2 {tle.per_thread, tle.turn}
        %o = ttng.warp_group_dot %p, %v, %scaled {isAsync = true}
        %w = ttng.warp_group_dot_wait %o {pendings = 0 : i32}
      }
      ttng.arrive_barrier %turns[%other], 1 {tle.per_thread}
    ```

    The wait for the second product's tile goes down to that product, so that
    what is calculated stands before it, and not between the turn and the
    product.

    Done for loops that `triton-tle-warp-specialize-tile-loop` has marked
    (`tle.may_take_turns`: pipes of two slots or more, which TMA fills and whose
    writer waits for free slots only) in the kernel's own partition of eight
    warps, if the loop calculates (reduces, or takes exponentials) in one place
    between two products, and its warps never have to meet in it: no conversion
    of layouts that leaves a thread, no reduction over warps, no write to shared
    memory. Others stay as they are, without the mark; remarks say why. What
    threads copy needs a fence ahead of each product, which would be waited for
    in turn: with it turns were a loss.

    `triton-tle-per-thread-barriers` lets a wait with `tle.turn` test the
    mbarrier before it waits.
  }];
}

def TLEArrangeCapturedDescriptors : TLE_ModulePass<"triton-tle-arrange-captured-descriptors"> {
  let summary = "descriptors have one type in all partitions";
  let description = [{
    `triton-nvidia-optimize-descriptor-encoding` gives a descriptor the
    arrangement of blocks in shared memory that its loads and stores want. It
    follows descriptors through loops, not into partitions, so one that a
    partition gets and does not use itself kept its old type, which the verifier
    of `ttg.warp_specialize` refuses. Here captured descriptors get the
    arrangement before that pass, the one that it gives to arguments of kernels,
    if some partition does not use them.

    ```mlir
    ttg.warp_specialize(%d)
    partition0(%arg0: !tt.tensordesc<tensor<64x64xbf16>>) ...
    partition1(%arg1: !tt.tensordesc<tensor<64x64xbf16>>) ...
    // becomes
    #shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
    ttg.warp_specialize(%d)
    partition0(%arg0: !tt.tensordesc<tensor<64x64xbf16, #shared>>) ...
    partition1(%arg1: !tt.tensordesc<tensor<64x64xbf16, #shared>>) ...
    ```

    `%d` is an argument of the kernel or comes from `tt.make_tensor_descriptor`,
    has two dimensions or more, and goes nowhere but to partitions and accesses:
    loops, branches and calls need types that agree, and stay as they are.
  }];
}

def TLEDeferStoreWaits : TLE_ModulePass<"triton-tle-defer-store-waits"> {
  let summary = "stores by TMA run beside the work on the next tile";
  let description = [{
    A store through a descriptor is put into shared memory, copied from there by
    TMA, and waited for at once, so that the memory can be used again. In a loop
    that waits for a pipe or arrives at one, the wait moves to where the memory
    is next written, in the next iteration: until then the copy runs beside
    everything else.

    ```mlir
    scf.for ... {
      %b = ttg.local_alloc %v : (tensor<64x128xbf16, #linear>) -> !ttg.memdesc<64x128xbf16, #shared, #smem>
      ttng.fence_async_shared {bCluster = false}
      ttng.async_tma_copy_local_to_global %c[%i, %j] %b : ...
      ttng.async_tma_store_wait {pendings = 0 : i32}
    }
    // becomes
    %b = ttg.local_alloc {tle.deferred_stores} : () -> !ttg.memdesc<64x128xbf16, #shared, #smem, mutable>
    scf.for ... {
      ttng.async_tma_store_wait {pendings = 0 : i32}
      ttg.local_store %v, %b : ...
      ttng.fence_async_shared {bCluster = false}
      ttng.async_tma_copy_local_to_global %c[%i, %j] %b : ...
    }
    ttng.async_tma_store_wait {pendings = 0 : i32}
    ttg.local_dealloc %b : ...
    ```

    All stores of one type in an outermost loop of the partition share a buffer,
    so of several in an iteration the last one alone runs on beside the next
    tile. In functions with pipes buffers live to the end of their region, so
    stores of one region that each have a buffer take less memory this way. A
    buffer that lives for all of a loop may take more; if the kernel does not fit
    into shared memory then, it is compiled again without this pass.

    Loops without pipes are left to stock's pipeliner, which does the same. Left
    as they are: stores in no loop, and those of loops with atomic operations or
    assembly, which may tell other programs that a tile has been stored.
  }];
}

def TLEPerThreadBarriers : TLE_ModulePass<"triton-tle-per-thread-barriers"> {
  let summary = "mbarriers that each thread waits and arrives at by itself";
  let description = [{
    Stock has one thread arrive, between two barriers of the partition's warps,
    and puts more of them around what touches an mbarrier. Where every thread
    arrives for itself (`tle.per_thread`), the arrival orders this thread's
    accesses and no barrier is needed.

    ```mlir
    ttng.arrive_barrier %b, 1 {tle.per_thread} : !ttg.memdesc<1xi64, #shared, #smem, mutable>
    // becomes
    %a = builtin.unrealized_conversion_cast %b : !ttg.memdesc<1xi64, #shared, #smem, mutable> to i32
    tt.elementwise_inline_asm "mbarrier.arrive.shared.b64 ..." {pure = false} %a
    ```

    Of a TMA copy into a slot of a pipe, the first lane of each warp announces
    its share of the bytes (`mbarrier.expect_tx`), without arriving, and arrives
    at the commit (`tle.per_warp`). The copy itself is stock's; a descriptor that
    has got another arrangement than the slot is an error.

    Runs last in its stage: other passes know the ops, not the assembly.
  }];
}

#endif // TLE_TRANSFORMS_WARPSPECIALIZATIONPASSES_TD
