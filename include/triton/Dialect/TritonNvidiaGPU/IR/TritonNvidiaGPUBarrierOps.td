//===- TritonNvidiaGPUBarrierOps.td - barriers and fences of ttng ---------===//

#ifndef TRITON_DIALECT_TRITONNVIDIAGPU_IR_TRITONNVIDIAGPUBARRIEROPS_TD
#define TRITON_DIALECT_TRITONNVIDIAGPU_IR_TRITONNVIDIAGPUBARRIEROPS_TD

include "triton/Dialect/TritonNvidiaGPU/IR/TritonNvidiaGPUOpBase.td"

//===----------------------------------------------------------------------===//
// Fences and cluster barriers
//===----------------------------------------------------------------------===//

def TTNG_FenceAsyncSharedOp : TTNG_Op<"fence_async_shared"> {
  let summary = "order generic accesses to shared memory before asynchronous ones";
  let description = [{
    What threads wrote to shared memory with ordinary stores becomes visible to
    WGMMA and TMA. `bCluster` widens the fence from the CTA to its cluster.

    Example: `ttng.fence_async_shared {bCluster = false}`
  }];
  let arguments = (ins BoolAttr:$bCluster);
  let assemblyFormat = "attr-dict";
}

def TTNG_ClusterArriveOp : TTNG_Op<"cluster_arrive"> {
  let summary = "arrive on the cluster barrier";
  let description = [{
    `relaxed` gives up the release semantics.

    Example: `ttng.cluster_arrive {relaxed = false}`
  }];
  let arguments = (ins BoolAttr:$relaxed);
  let assemblyFormat = "attr-dict";
}

def TTNG_ClusterWaitOp : TTNG_Op<"cluster_wait"> {
  let summary = "wait until every thread of the cluster has arrived";
  let description = "Example: `ttng.cluster_wait`";
  let assemblyFormat = "attr-dict";
}

//===----------------------------------------------------------------------===//
// mbarriers
//===----------------------------------------------------------------------===//

def TTNG_InitBarrierOp : TTNG_Op<"init_barrier"> {
  let summary = "initialize an mbarrier";
  let description = [{
    A phase of the barrier ends after `count` arrivals.

    Example: `ttng.init_barrier %bar, 1 : !ttg.memdesc<1xi64, #shared, #smem, mutable>`
  }];
  let arguments = (ins TTNG_SharedWrite:$alloc, I32Attr:$count);
  let assemblyFormat = "$alloc `,` $count attr-dict `:` qualified(type($alloc))";
  let hasVerifier = 1;
}

def TTNG_InvalBarrierOp : TTNG_Op<"inval_barrier"> {
  let summary = "invalidate an mbarrier";
  let description = [{
    Must come before its memory is put to another use.

    Example: `ttng.inval_barrier %bar : !ttg.memdesc<1xi64, #shared, #smem, mutable>`
  }];
  let arguments = (ins TTNG_SharedWrite:$alloc);
  let assemblyFormat = "$alloc attr-dict `:` qualified(type($alloc))";
  let hasVerifier = 1;
}

def TTNG_BarrierExpectOp : TTNG_Op<"barrier_expect"> {
  let summary = "arrive on an mbarrier and announce bytes that will be copied";
  let description = [{
    The phase ends only once `size` more bytes have been written by copies that
    name this barrier.

    Example: `ttng.barrier_expect %bar, 8192, %pred : !ttg.memdesc<1xi64, #shared, #smem, mutable>`
  }];
  let arguments = (ins TTNG_SharedWrite:$alloc, I32Attr:$size, I1:$pred);
  let assemblyFormat = "$alloc `,` $size attr-dict `,` $pred `:` qualified(type($alloc))";
  let hasVerifier = 1;
}

def TTNG_WaitBarrierOp : TTNG_Op<"wait_barrier", [AttrSizedOperandSegments]> {
  let summary = "wait until a phase of an mbarrier has ended";
  let description = [{
    Blocks until the phase of parity `phase` is over. `deps` lists memory that
    asynchronous ops may touch until then.

    Example:

    ```mlir
    ttng.wait_barrier %bar, %phase, %pred deps %a, %b
        : !ttg.memdesc<1xi64, #shared, #smem, mutable>, !ttg.memdesc<64x64xf16, #shared1, #smem>,
          !ttg.memdesc<64x64xf16, #shared1, #smem>
    ```
  }];
  let arguments = (ins TTNG_SharedReadWrite:$alloc, I32:$phase, Optional<I1>:$pred,
                       Variadic<TTG_MemDescType>:$deps);
  let builders = [
    OpBuilder<(ins "::mlir::Value":$alloc, "::mlir::Value":$phase), [{
      build($_builder, $_state, alloc, phase, ::mlir::Value(), ::mlir::ValueRange());
    }]>,
    OpBuilder<(ins "::mlir::Value":$alloc, "::mlir::Value":$phase, "::mlir::Value":$pred), [{
      build($_builder, $_state, alloc, phase, pred, ::mlir::ValueRange());
    }]>
  ];
  let assemblyFormat = [{
    $alloc `,` $phase (`,` $pred^)? (`deps` $deps^)? attr-dict
    `:` qualified(type($alloc)) (`,` qualified(type($deps))^)?
  }];
  let hasVerifier = 1;
}

def TTNG_ArriveBarrierOp : TTNG_Op<"arrive_barrier"> {
  let summary = "arrive on an mbarrier";
  let description = [{
    Counts as `count` (at least 1) arrivals of the whole group of warps, made by
    one thread.

    Example: `ttng.arrive_barrier %bar, 2, %pred : !ttg.memdesc<1xi64, #shared, #smem, mutable>`
  }];
  let arguments = (ins TTNG_SharedReadWrite:$alloc, I32Attr:$count, Optional<I1>:$pred);
  let builders = [
    OpBuilder<(ins "::mlir::Value":$alloc, "uint32_t":$count), [{
      build($_builder, $_state, alloc, count, ::mlir::Value());
    }]>
  ];
  let assemblyFormat = "$alloc `,` $count (`,` $pred^)? attr-dict `:` qualified(type($alloc))";
  let hasVerifier = 1;
}

def TTNG_AsyncCopyMbarrierArriveOp : TTNG_Op<"async_copy_mbarrier_arrive"> {
  let summary = "arrive on an mbarrier when this thread's earlier cp.async copies are done";
  let description = [{
    With `noIncrement` the arrival counts against the number that the barrier was
    initialized with; without it, the barrier's pending count rises by one first.

    Example: `ttng.async_copy_mbarrier_arrive %bar {noIncrement} : !ttg.memdesc<1xi64, #shared, #smem, mutable>`
  }];
  let arguments = (ins TTNG_SharedWrite:$barrier, UnitAttr:$noIncrement);
  let assemblyFormat = "$barrier attr-dict `:` qualified(type($barrier))";
}

#endif // TRITON_DIALECT_TRITONNVIDIAGPU_IR_TRITONNVIDIAGPUBARRIEROPS_TD
