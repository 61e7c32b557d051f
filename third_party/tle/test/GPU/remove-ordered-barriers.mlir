// RUN: tle-opt %s -triton-tle-remove-ordered-barriers | FileCheck %s
// RUN: tle-opt %s -triton-tle-remove-ordered-barriers -triton-tle-remove-ordered-barriers | FileCheck %s

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, "ttg.total-num-warps" = 12 : i32} {
  // Of the three regions, the default one and partition 1 are ordered by pipes; branches inside of them too.
  // CHECK-LABEL: llvm.func @named
  // CHECK: ttg.warp_specialize
  // CHECK-NOT: tle.ordered
  // CHECK: default {
  // CHECK-NOT: nvvm.barrier0
  // CHECK: partition0
  // CHECK: nvvm.barrier0
  // CHECK: partition1
  // CHECK-NOT: nvvm.barrier0
  // CHECK: llvm.return
  llvm.func @named(%c: i1) attributes {allocation.offset = 0 : i32} {
    ttg.warp_specialize() attributes {tle.ordered = array<i32: 0, 2>, warpGroupStartIds = array<i32: 4, 8>}
    default {
      nvvm.barrier0
      ttg.warp_yield
    }
    partition0() num_warps(4) {
      nvvm.barrier0
      ttg.warp_return
    }
    partition1() num_warps(4) {
      %t = llvm.mlir.constant(true) : i1
      llvm.cond_br %t, ^one, ^two
    ^one:
      nvvm.barrier0
      llvm.br ^two
    ^two:
      nvvm.barrier0
      ttg.warp_return
    } : () -> ()
    llvm.return
  }

  // Nothing is named: nothing goes, also outside.
  // CHECK-LABEL: llvm.func @unnamed
  // CHECK: nvvm.barrier0
  // CHECK: ttg.warp_specialize
  // CHECK: nvvm.barrier0
  // CHECK: llvm.return
  llvm.func @unnamed() attributes {allocation.offset = 0 : i32} {
    nvvm.barrier0
    ttg.warp_specialize() attributes {warpGroupStartIds = array<i32: 4>}
    default {
      nvvm.barrier0
      ttg.warp_yield
    }
    partition0() num_warps(4) {
      ttg.warp_return
    } : () -> ()
    llvm.return
  }
}
