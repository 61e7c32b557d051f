// Part of Passes.td: the passes that turn tle ops into ops of stock dialects.

#ifndef TLE_TRANSFORMS_OPLOWERINGPASSES_TD
#define TLE_TRANSFORMS_OPLOWERINGPASSES_TD

//===----------------------------------------------------------------------===//
// WGMMA operands
//===----------------------------------------------------------------------===//

def TLELowerBufferChoices : TLE_ModulePass<"triton-tle-lower-buffer-choices"> {
  let summary = "buffers that control flow chooses, in a form that stock's lowering knows";
  let description = [{
    A choice of buffers by a condition becomes a branch: stock's analysis of
    shared memory knows no `arith.select` of buffers and ends in an assertion.

    ```mlir
    %x = arith.select %c, %a, %b : !ttg.memdesc<64xf32, #shared, #smem, mutable>
    // becomes
    %x = scf.if %c -> (!ttg.memdesc<64xf32, #shared, #smem, mutable>) {
      scf.yield %a : !ttg.memdesc<64xf32, #shared, #smem, mutable>
    } else {
      scf.yield %b : !ttg.memdesc<64xf32, #shared, #smem, mutable>
    }
    ```

    Where transposed views of buffers with a `#ttg.nvmma_shared` layout without
    a swizzle are carried by a loop, come out of a branch, go to partitions or
    to functions and back, the buffers themselves do, and are transposed behind:
    `triton-tle-lower-wgmma-views` has to see the transposition.

    ```mlir
    %t = ttg.memdesc_trans %a {order = array<i32: 1, 0>} : !ttg.memdesc<32x16xi8, #no_swizzle> -> !ttg.memdesc<16x32xi8, #no_swizzle_transposed>
    tt.call @f(%t) : (!ttg.memdesc<16x32xi8, #no_swizzle_transposed>) -> ()
    tt.func private @f(%v: !ttg.memdesc<16x32xi8, #no_swizzle_transposed>) {
      %x = ttg.local_load %v : ...
    // becomes
    tt.call @f(%a) : (!ttg.memdesc<32x16xi8, #no_swizzle>) -> ()
    tt.func private @f(%b: !ttg.memdesc<32x16xi8, #no_swizzle>) {
      %v = ttg.memdesc_trans %b {order = array<i32: 1, 0>} : !ttg.memdesc<32x16xi8, #no_swizzle> -> !ttg.memdesc<16x32xi8, #no_swizzle_transposed>
      %x = ttg.local_load %v : ...
    ```

    A value that is a transposed view on one way and a buffer of the same type
    on another is an error: the two lie differently in shared memory.
  }];
}

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

#endif // TLE_TRANSFORMS_OPLOWERINGPASSES_TD
