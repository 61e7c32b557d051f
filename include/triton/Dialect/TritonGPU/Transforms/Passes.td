//===- Passes.td - fork copies of TritonGPU's passes ----------------------===//
//
// Each keeps Triton's flag. What TLE adds stands inside of __TLE__; a build
// without it leaves a module as the stock pass of that name would find it.
//
//===----------------------------------------------------------------------===//

#ifndef TRITON_DIALECT_TRITONGPU_TRANSFORMS_PASSES_TD
#define TRITON_DIALECT_TRITONGPU_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def TritonGPUAccelerateMatmul : Pass<"tritongpu-accelerate-matmul", "::mlir::ModuleOp"> {
  let summary = "dots get the layouts of tensor cores";
  let description = [{
    A `tt.dot` that a warp group's tensor cores can do becomes a
    `ttng.warp_group_dot` (Hopper): operand B in shared memory, operand A there
    too if it was loaded, in registers if it was computed.

    ```mlir
    %d = tt.dot %a, %b, %c : tensor<64x64xbf16, #dot_a> * tensor<64x64xbf16, #dot_b> -> tensor<64x64xf32, #blocked>
    // becomes
    %a0 = ttg.local_alloc %as : (tensor<64x64xbf16, #blocked>) -> !ttg.memdesc<64x64xbf16, #shared, #smem>
    %b0 = ttg.local_alloc %bs : (tensor<64x64xbf16, #blocked>) -> !ttg.memdesc<64x64xbf16, #shared, #smem>
    %c0 = ttg.convert_layout %c : tensor<64x64xf32, #blocked> -> tensor<64x64xf32, #mma>
    %d0 = ttng.warp_group_dot %a0, %b0, %c0 : ... -> tensor<64x64xf32, #mma>
    %d = ttg.convert_layout %d0 : tensor<64x64xf32, #mma> -> tensor<64x64xf32, #blocked>
    ```

    There and on SM80, SM86, SM89 and SM120 other dots take the layouts of
    `mma.sync`:

    ```mlir
    %d = tt.dot %a, %b, %c : tensor<64x32xf16, #dot_a> * tensor<32x64xf16, #dot_b> -> tensor<64x64xf32, #blocked>
    // becomes
    %c0 = ttg.convert_layout %c : tensor<64x64xf32, #blocked> -> tensor<64x64xf32, #mma>
    %a0 = ttg.convert_layout %a : tensor<64x32xf16, #dot_a> -> tensor<64x32xf16, #ttg.dot_op<{opIdx = 0, parent = #mma, kWidth = 2}>>
    %b0 = ttg.convert_layout %b : tensor<32x64xf16, #dot_b> -> tensor<32x64xf16, #ttg.dot_op<{opIdx = 1, parent = #mma, kWidth = 2}>>
    %d0 = tt.dot %a0, %b0, %c0 : ... -> tensor<64x64xf32, #mma>
    %d = ttg.convert_layout %d0 : tensor<64x64xf32, #mma> -> tensor<64x64xf32, #blocked>
    ```

    `kWidth` elements of the narrowest type that an operand is loaded as fill a
    register. Types of `mma.sync`: f16, bf16, i8, f32 with `inputPrecision =
    tf32`, f64 (SM80 and SM90), fp8 (converted to f16 but on SM89 and SM120).
    Any tile will do, batches too.

    Types of warp group products: f16 and bf16; fp8 (e4m3, e5m2), unless its
    sums in f32 must be exact
    more often than every 32 products (`maxNumImpreciseAcc`); f32 with
    `inputPrecision = tf32`; i8. Only 16-bit operands may be contiguous along
    their own dimension in shared memory, the others are along K. The tile has a
    multiple of 64 rows and of 8 columns and a K of at least one instruction.

    TLE's rules: reaching another dot only as its accumulator makes no
    attention chain (which would put all warps along M); warps that the rows of
    a chained tile cannot feed go along N, and operand A, whose rows no warp then
    computes whole, goes through shared memory, unless an inline assembly holds
    it in registers (`tle.gpu.hold_in_registers`); a value from `ttg.local_load`
    counts as loaded; operands too narrow for a swizzle lie along K. With `mma.sync`
    the warps of a chain lie along M as far as its rows feed them, those of any
    other dot are balanced between M and N; stock puts all of them along one
    dimension as soon as a common value connects two dots. With `tle=false` the
    dots that this pass takes become what stock makes of them.

    Left to stock: dots without tensor cores (f32 with another precision), other
    targets, tcgen05, block-scaled dots, clusters.
  }];
  let dependentDialects = [
    "::mlir::triton::gpu::TritonGPUDialect",
    "::mlir::triton::nvidia_gpu::TritonNvidiaGPUDialect"
  ];
  let options = [
    Option<"tle", "tle", "bool", "::mlir::triton::gpu::kBuiltWithTLE",
           "TLE's rules; false: those of stock Triton">
  ];
}

def TritonGPUOptimizeDotOperands : Pass<"tritongpu-optimize-dot-operands", "::mlir::ModuleOp"> {
  let summary = "operands of tensor cores reuse the shared memory they come from";
  let description = [{
    TLE's part of the pass; the stock pass of this name still runs in the stock
    engine. An operand of `ttng.warp_group_dot` that was read from a buffer only
    to be put into another one, transposed perhaps, is read from where it lies:

    ```mlir
    %x = ttg.local_load %buf : !ttg.memdesc<64x512xbf16, #shared, #smem, mutable> -> tensor<64x512xbf16, #blocked>
    %t = tt.trans %x {order = array<i32: 1, 0>} : ...
    %b = ttg.local_alloc %t : (...) -> !ttg.memdesc<512x64xbf16, #shared1, #smem>
    %d = ttng.warp_group_dot %a, %b, %c : ...
    // becomes
    %b = tle.memdesc_wgmma_view %buf {order = array<i32: 1, 0>} : ... -> !ttg.memdesc<512x64xbf16, #shared1, #smem, mutable>
    %d = ttng.warp_group_dot %a, %b, %c : ...
    ```

    Holds for both factors, the left one also where it would go through
    registers, and for any view of a buffer (`memdesc_index`,
    `memdesc_subslice`, ...). The operand stays as it is where

    - the buffer's layout is none that WGMMA reads (`#ttg.nvmma_shared` with a
      swizzle, of the element's width; K contiguous unless elements have 16 bits);
    - something may write the buffer between the load and the end of the product:
      a store, a copy, a call, or another group of warps that a barrier lets go on.

    A product in a loop that writes the buffer is waited for on the spot
    (`ttng.warp_group_dot_wait`), so that no later pass lets it run on into the
    next iteration. It may run on where its result is only carried on and
    nothing writes what it reads before the next iteration's first wait. Writes
    to other slots of a ring do not count, if their numbers certainly differ:
    constants, `(s + c) % n`, `c - s` with an odd `c`, `s ^ c`.

    ```mlir
    scf.for ... iter_args(%acc = %c, %s = %c0) {
      ...
      %w = ttng.warp_group_dot_wait %scores {pendings = 0 : i32}
      ttg.local_store %p, %pbuf                        // gets a gpu.barrier in front: see below
      %slot = ttg.memdesc_index %ring[%s]
      %d = ttng.warp_group_dot %pbuf, %slot, %acc      // ends at %w of the next iteration
      %t = arith.remsi (arith.addi %s, 1), 2
      ttg.local_store %next, (ttg.memdesc_index %ring[%t])
      scf.yield %d, %t
    ```

    A warp that is past the wait may meet another whose part of the product has
    not ended: the first write behind the wait gets a `gpu.barrier` in front.

    Built without TLE the pass changes nothing.
  }];
  let dependentDialects = [
    "::mlir::triton::TritonDialect", "::mlir::triton::gpu::TritonGPUDialect",
    "::mlir::triton::nvidia_gpu::TritonNvidiaGPUDialect"
  ];
  let options = [
    Option<"hoistLayoutConversion", "hoist-layout-conversion", "bool", "false",
           "taken for the stock pass's sake; concerns mma.sync, not WGMMA">
  ];
}

#endif // TRITON_DIALECT_TRITONGPU_TRANSFORMS_PASSES_TD
