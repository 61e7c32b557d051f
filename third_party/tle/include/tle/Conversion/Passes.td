//===- Passes.td - native passes of the LLVM-dialect stage ----------------===//
//
// They run on what stock's conversion to the LLVM dialect leaves, canonicalized
// and CSE'd, where products are still `nvg.wgmma` and a warp specialization is
// still a `ttg.warp_specialize`.
//
//===----------------------------------------------------------------------===//

#ifndef TLE_CONVERSION_PASSES_TD
#define TLE_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def TLEAccumulatorBeforeFence : Pass<"triton-tle-accumulator-before-fence", "::mlir::ModuleOp"> {
  let summary = "define what a WGMMA group starts from before its fence";
  let description = [{
    ptxas serializes asynchronous products when an instruction that is none of
    them writes their registers after `wgmma.fence`. This pass

    - moves every other op out of the stretch from fence to commit, but for the
      arithmetic of descriptors, which stays next to its product: ptxas does not
      mind it, and all descriptors at once take too many registers;
    - pins initial accumulators: their registers pass through an empty inline
      assembly in front of the fence, so that LLVM cannot form them later. An
      accumulator that a loop carries is pinned where it enters the loop, which
      also keeps a loop that does not run from defining it on a path of its own;
    - drops the fence of a group that only goes on with accumulators of the
      group before it.

    ```mlir
    nvvm.wgmma.fence.aligned
    %c0 = llvm.insertvalue %zero, %undef[0] : !llvm.struct<(f32, f32)>
    %c = llvm.insertvalue %zero, %c0[1] : !llvm.struct<(f32, f32)>
    %d = nvg.wgmma %a, %b, %true, %c {...}
    nvvm.wgmma.commit.group.sync.aligned
    // becomes
    %c0 = llvm.insertvalue %zero, %undef[0] : !llvm.struct<(f32, f32)>
    %c = llvm.insertvalue %zero, %c0[1] : !llvm.struct<(f32, f32)>
    %e0 = llvm.extractvalue %c[0] : !llvm.struct<(f32, f32)>
    %e1 = llvm.extractvalue %c[1] : !llvm.struct<(f32, f32)>
    %p = llvm.inline_asm has_side_effects "// accumulator", "=f,=f,0,1" %e0, %e1 : (f32, f32) -> !llvm.struct<(f32, f32)>
    nvvm.wgmma.fence.aligned
    %d = nvg.wgmma %a, %b, %true, %p {...}
    nvvm.wgmma.commit.group.sync.aligned
    ```

  }];
  let options = [
    Option<"hoistDescriptors", "hoist-descriptors", "bool", "false",
           "move what forms descriptors before the fence, too">
  ];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def TLEApplyCopyEviction : Pass<"triton-tle-apply-copy-eviction", "::mlir::ModuleOp"> {
  let summary = "copies between comments get their eviction policy";
  let description = [{
    The instructions of asynchronous copies between the comments that
    `triton-tle-mark-copy-eviction` has left take a policy for the L2 cache; the
    comments go.

    ```mlir
    llvm.inline_asm "// copies, evict_first ..."
    llvm.inline_asm "cp.async.cg.shared.global [ $0 + 0 ], [ $1 + 0 ], 0x10, 0x10;", "r,l" %to, %from
    llvm.inline_asm "// end of copies ..."
    // becomes
    %policy = llvm.inline_asm "createpolicy.fractional.L2::evict_first.b64 $0, 1.0;", "=l"
    llvm.inline_asm "cp.async.cg.shared.global.L2::cache_hint [ $0 + 0 ], [ $1 + 0 ], 0x10, 0x10, $2;", "r,l,l"
        %to, %from, %policy
    ```

    Copies of a block share its policy.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def TLELocalizeWGMMADescriptors : Pass<"triton-tle-localize-wgmma-descriptors", "::mlir::ModuleOp"> {
  let summary = "form WGMMA descriptors in the loop iteration that uses them";
  let description = [{
    The descriptor of a buffer at a fixed address is the same in every
    iteration of a loop. LLVM and ptxas hoist it, then spill it: a tile of 64 x
    576 alone has 36. This pass adds a zero to the address that such a descriptor
    is made of, which neither can tell from a value that changes with the
    iteration: the topmost bit of the grid's width, which is never set, masked
    with what counts the loop.

    ```mlir
    ^loop(%i: i32):
      %p = llvm.and %address, %c16383 : i32    // %address: the same in all iterations
      %d = llvm.zext %p : i32 to i64
      %r = nvg.wgmma %a, %d, %true, %c {...}
    // becomes
    ^loop(%i: i32):
      %z = llvm.inline_asm "{ ... mov.u32 t, %nctaid.x; shr.u32 t, t, 31; and.b32 $0, t, $1; }", "=r,r" %i : (i32) -> i32
      %address1 = llvm.add %address, %z : i32
      %p = llvm.and %address1, %c16383 : i32
      %d = llvm.zext %p : i32 to i64
      %r = nvg.wgmma %a, %d, %true, %c {...}
    ```

    Descriptors outside of loops, those that change anyway, and loops without an
    integer that they change stay as they are. So do loops with few descriptors:
    uniform registers hold them. A descriptor counts once for each loop whose
    own products use it, since LLVM forms it once, ahead of all of them, and it
    stays in registers from the first to the last. A loop inside of one with
    many goes with it.
  }];
  let options = [
    Option<"minDescriptors", "min-descriptors", "unsigned", "48",
           "smallest number of different invariant descriptors of a loop, or of one around it, to act on">
  ];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def TLESplitWGMMADescriptors : Pass<"triton-tle-split-wgmma-descriptors", "::mlir::ModuleOp"> {
  let summary = "form WGMMA descriptors without additions of 64 bits";
  let description = [{
    A descriptor is an address of 14 bits and constants above it. Stock adds
    them as numbers of 64 bits, together with the offset of the part of the
    tile. ptxas (of CUDA 12.8) makes two additions with a carry of that and may
    lose the move of the base into the register pair that they add to, where
    several descriptors have one base: the product then reads some other place
    of shared memory. This pass adds to the address alone, which cannot
    overflow 32 bits; the upper half becomes a constant.

    ```mlir
    %p = llvm.and %address, %c16383 : i32
    %e = llvm.zext %p : i32 to i64
    %d = llvm.add %e, %c4611686293305294850 : i64    // 0x40000040'00000002
    %r = nvg.wgmma %d, %b, %true, %c {...}
    // becomes
    %p = llvm.and %address, %c16383 : i32
    %l = llvm.add %p, %c2 overflow<nuw> : i32
    %e = llvm.zext %l : i32 to i64
    %d = llvm.or %e, %c4611686293305294848 : i64     // 0x40000040'00000000
    %r = nvg.wgmma %d, %b, %true, %c {...}
    ```

    Descriptors whose base is not seen to be small stay as they are, and so do
    those without an offset, where no carry can arise. A function whose
    descriptors all have one upper half stays as it is, too: its code was always
    right, and a little shorter.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def TLEGuardWGMMAAccumulators : Pass<"triton-tle-guard-wgmma-accumulators", "::mlir::ModuleOp"> {
  let summary = "keep ptxas from merging what is read before and after a WGMMA group";
  let description = [{
    ptxas (of CUDA 12.8) can miss that products change their accumulators in
    place. Where a block calculates the same thing with them before and after a
    group, it calculates once and drops the group:

    ```
    d = dot(a, b); use(d); d = dot(a, b, d); use(d)
    ```

    It does so inside of a block only. A group that goes on with values which
    other ops may have read before therefore gets a block of its own, behind a
    branch on a condition that holds for a reason ptxas does not know.

    ```mlir
    %s = llvm.fadd %e, %x : f32                       // %e: a field of %c
    nvvm.wgmma.fence.aligned
    %d = nvg.wgmma %a, %b, %true, %c {...}
    // becomes, with %p from the entry of the function
    %p = llvm.inline_asm has_side_effects "{ ... mov.u32 t, %nctaid.x; shr.u32 t, t, 31; setp.eq.u32 $0, t, 0; }", "=b" : () -> i1
    ...
    %s = llvm.fadd %e, %x : f32
    llvm.cond_br %p, ^group, ^never                   // ^never: trap
    ^group:
    nvvm.wgmma.fence.aligned
    %d = nvg.wgmma %a, %b, %true, %c {...}
    ```

    Accumulators that are scaled or otherwise changed first, or read behind
    their last product only, need no branch.

    Unrolled, a loop of a few iterations is one block, and ptxas has taken what
    is read behind it for the zeros that it began with. LLVM and ptxas are asked
    to leave loops with products as they are. (ptxas unrolls only where it knows
    the number of iterations: with that number not known the machine code stays
    the same.)

    ```mlir
    ^body(%i: i32, %c: !llvm.struct<...>):
      %d = nvg.wgmma %a, %b, %true, %c {...}
      llvm.cond_br %more, ^body(%next, %d : ...), ^exit
    // becomes
      llvm.cond_br %more, ^body(%next, %d : ...), ^exit {loop_annotation = #llvm.loop_annotation<unroll = <disable = true>>}
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def TLEFoldSharedAddressCasts : Pass<"triton-tle-fold-shared-address-casts", "::mlir::ModuleOp"> {
  let summary = "turn casts of buffers to i32 into their addresses";
  let description = [{
    Ops that need a raw shared-memory address lower to an unrealized cast of the
    buffer to i32, which stock's conversion to the LLVM dialect leaves alone.
    Once the buffer has become a struct, the cast is its base pointer.

    ```mlir
    %b = builtin.unrealized_conversion_cast %s : !llvm.struct<(ptr<3>, i32, i32)> to !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
    %a = builtin.unrealized_conversion_cast %b : !ttg.memdesc<64x64xbf16, #shared, #smem, mutable> to i32
    // becomes
    %p = llvm.extractvalue %s[0] : !llvm.struct<(ptr<3>, i32, i32)>
    %a = llvm.ptrtoint %p : !llvm.ptr<3> to i32
    ```

    The address of a slice is an error: where its layout swizzles it has none.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def TLERemoveOrderedBarriers : Pass<"triton-tle-remove-ordered-barriers", "::mlir::ModuleOp"> {
  let summary = "partitions that pipes order have no barriers";
  let description = [{
    Takes the barriers out of the regions of a `ttg.warp_specialize` that
    `triton-tle-find-ordered-partitions` has named. Stock's conversion put them
    there: it knows accesses to shared memory, but not what orders them.

    ```mlir
    ttg.warp_specialize(%bars, %tile) attributes {tle.ordered = array<i32: 1>, ...}
    default { nvvm.barrier0 ... }
    partition0(...) num_warps(4) { nvvm.barrier0 ... }
    // becomes
    ttg.warp_specialize(%bars, %tile) attributes {...}
    default { nvvm.barrier0 ... }
    partition0(...) num_warps(4) { ... }
    ```
  }];
}

def TLESplitLoadBarriers : Pass<"triton-tle-split-load-barriers", "::mlir::ModuleOp"> {
  let summary = "let only the warps that start TMA loads wait for all warps";
  let description = [{
    Ahead of a TMA load into a slot of a ring all warps must have read what the
    slot holds. Stock puts a barrier of all warps there, and more of them between
    the ops that name the same mbarrier; so warp groups stay in step, and their
    products and what they calculate take turns. Yet only the warps that start
    the load have to know: the others say that they are done and go on, up to as
    many tiles ahead as the ring has.

    ```mlir
    nvvm.barrier0
    llvm.inline_asm has_side_effects "@$0 mbarrier.arrive.expect_tx.shared.b64 _, [$1], 32768;", ...
    nvvm.barrier0
    llvm.inline_asm has_side_effects "@$0 cp.async.bulk.tensor.2d.shared::cluster.global...", ...
    // becomes
    %number = llvm.load %count : !llvm.ptr -> i32
    llvm.inline_asm has_side_effects "{ .reg .pred q; setp.lt.u32 q, $0, 32; @q bar.sync $1, 256; @!q bar.arrive $1, 256; }", "r,r" %thread, %number : (i32, i32) -> ()
    // ... %count: the next of 1 to 15, then 1 again
    llvm.inline_asm has_side_effects "@$0 mbarrier.arrive.expect_tx.shared.b64 _, [$1], 32768;", ...
    llvm.inline_asm has_side_effects "@$0 cp.async.bulk.tensor.2d.shared::cluster.global...", ...
    ```

    First, barriers of the loop go that separate nothing: on every path to them,
    since the barrier before, there are only arithmetic, exchanges inside of a
    warp, `mbarrier.arrive.expect_tx` (the phase cannot end before this arrival,
    and bytes may be counted before they are announced) and starts of TMA loads
    (who reads the tile waits on its mbarrier, and who has read what lay there
    before did so ahead of the barrier before).

    Then the one that is left is split. Barriers with numbers of their own keep
    iterations apart: a warp waits for the tile of its iteration, and that is
    loaded when all have arrived at the barrier of an iteration before, so that
    less are under way than the ring has slots. With tiles of 16 KiB or more
    these are less than 15. All warps meet behind the loop.

    It is done for two warp groups and more that run one program, in innermost
    loops which beside loads into a ring that the loop itself waits for, and
    products, hold arithmetic only, and where every iteration passes the barrier
    that is left. All other loops stay as they are.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect"];
}

#endif // TLE_CONVERSION_PASSES_TD
