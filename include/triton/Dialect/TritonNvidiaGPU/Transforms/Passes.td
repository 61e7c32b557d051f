//===- Passes.td - fork copies of TritonNvidiaGPU's passes ----------------===//
//
// Each keeps Triton's flag. With `tle=false`, the default of a build without
// TLE, a pass leaves a module as the stock pass of that name would.
//
//===----------------------------------------------------------------------===//

#ifndef TRITON_DIALECT_TRITONNVIDIAGPU_TRANSFORMS_PASSES_TD
#define TRITON_DIALECT_TRITONNVIDIAGPU_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def TritonNvidiaGPUFenceInsertion : Pass<"triton-nvidia-gpu-fence-insertion", "::mlir::ModuleOp"> {
  let summary = "fences where ordinary writes to shared memory meet tensor cores and TMA";
  let description = [{
    Tensor cores (WGMMA, tcgen05) and TMA read shared memory through the async
    proxy. What threads wrote there with ordinary stores or `cp.async` is theirs
    to read only behind a `fence.proxy.async`. This pass follows each such write
    to the ops that may read it through the async proxy, and puts one fence
    before the first of them:

    ```mlir
    %a = ttg.local_alloc %x : (tensor<64x64xbf16, #blocked>) -> !ttg.memdesc<64x64xbf16, #shared, #smem>
    %d = ttng.warp_group_dot %a, %b, %c : ...
    %e = ttng.warp_group_dot %a, %b2, %d : ...
    // becomes
    %a = ttg.local_alloc %x : ...
    tle.wgmma_shared_operand_fence %a : !ttg.memdesc<64x64xbf16, #shared, #smem>
    %d = ttng.warp_group_dot %a, %b, %c : ...
    %e = ttng.warp_group_dot %a, %b2, %d : ...
    ```

    Writes: `ttg.local_alloc` with a source, `ttg.local_store`, stores and
    atomics through local pointers, inline assembly that may store to an address
    made from a buffer, calls that get one, `cp.async`. A copy counts from each
    `ttg.async_wait` on that may have seen it end until one that surely has: a
    fence before the end of a copy orders nothing. Readers: `ttng.warp_group_dot`,
    `ttng.tc_gen5_mma`, `ttng.tc_gen5_mma_scaled`, `ttng.tmem_copy`, TMA stores,
    reductions and scatters. TMA loads write through the async proxy and need no
    fence.

    - Two places of a buffer are different where constant indices of
      `ttg.memdesc_index` or boxes of `ttg.memdesc_subslice` are; all else of one
      buffer may overlap. Buffers are followed through views, loops, branches,
      blocks and captures of partitions; an argument of a function counts as
      written before it.
    - A fence whose writes all lie before a loop stands before the loop.
    - In a partition of `ttg.warp_specialize`, what another partition hands over
      unfenced counts as written behind each op on an mbarrier.
    - Every path from a write to a reader has a fence; a path through a branch
      with a reader of its own may have two.

    `tle=false` does what stock Triton 3.6 does to a module without `tle.*`
    attributes (passes of TLE leave them on what they make): a
    `ttng.fence_async_shared` before each product with an operand that a `ttg.local_alloc` or
    `ttg.local_store` has filled, outside of loops that none of these is in. It
    sees no `cp.async`, no access through pointers, and no order of events.
  }];
  let dependentDialects = ["::mlir::triton::nvidia_gpu::TritonNvidiaGPUDialect"];
  let options = [
    Option<"computeCapability", "compute-capability", "int32_t", "90", "of the target; below 90 nothing is done">,
    Option<"tle", "tle", "bool", "::mlir::triton::nvidia_gpu::kBuiltWithTLE",
           "TLE's rules; false: those of stock Triton where nothing of TLE is in the module">
  ];
}

#endif // TRITON_DIALECT_TRITONNVIDIAGPU_TRANSFORMS_PASSES_TD
