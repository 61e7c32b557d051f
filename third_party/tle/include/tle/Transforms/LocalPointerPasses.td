// Part of Passes.td: the passes of pointers into shared memory.

#ifndef TLE_TRANSFORMS_LOCALPOINTERPASSES_TD
#define TLE_TRANSFORMS_LOCALPOINTERPASSES_TD

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

#endif // TLE_TRANSFORMS_LOCALPOINTERPASSES_TD
