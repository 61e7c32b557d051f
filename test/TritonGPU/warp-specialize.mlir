// RUN: tle-opt %s | FileCheck %s
// RUN: tle-opt %s | tle-opt | FileCheck %s

// CHECK: tt.func @f(%arg0: i32) {
// CHECK-NEXT: %0 = ttg.warp_specialize(%arg0) attributes {foo = 1 : i32, requestedRegisters = array<i32: 40, 24>, warpGroupStartIds = array<i32: 4, 8>}
// CHECK-NEXT: default {
// CHECK-NEXT: ttg.warp_yield %arg0 : i32
// CHECK-NEXT: }
// CHECK-NEXT: partition0(%arg1: i32) num_warps(4) {
// CHECK-NEXT: ttg.warp_return
// CHECK-NEXT: }
// CHECK-NEXT: partition1(%arg1: i32) num_warps(2) {
// CHECK-NEXT: ttg.warp_return
// CHECK-NEXT: } : (i32) -> i32
// CHECK-NEXT: ttg.warp_specialize()
// CHECK-NEXT: default {
// CHECK-NEXT: ttg.warp_yield
// CHECK-NEXT: }
// CHECK-NEXT: partition0() num_warps(4) {
// CHECK-NEXT: ttg.warp_return
// CHECK-NEXT: } : () -> ()
// CHECK-NEXT: ttg.warp_specialize(%arg0)
// CHECK-NEXT: default {
// CHECK-NEXT: ttg.warp_yield
// CHECK-NEXT: } : (i32) -> ()
// CHECK-NEXT: tt.return
// CHECK-NEXT: }
// CHECK-NEXT: }

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
tt.func @f(%i: i32) {
  %ws = ttg.warp_specialize(%i) attributes {requestedRegisters = array<i32: 40, 24>, foo = 1 : i32, warpGroupStartIds = array<i32: 4, 8>}
  default { ttg.warp_yield %i : i32 }
  partition0(%y: i32) num_warps(4) { ttg.warp_return }
  partition1(%y: i32) num_warps(2) { ttg.warp_return } : (i32) -> i32
  ttg.warp_specialize()
  default { ttg.warp_yield }
  partition0() num_warps(4) { ttg.warp_return } : () -> ()
  ttg.warp_specialize(%i)
  default { ttg.warp_yield } : (i32) -> ()
  tt.return
}
}
