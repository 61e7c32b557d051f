// RUN: tle-opt %s --inline | FileCheck %s

tt.func private @twice(%x: f32) -> f32 {
  %0 = arith.addf %x, %x : f32
  tt.return %0 : f32
}

tt.func private @kept(%x: f32) -> f32 attributes {noinline = true} {
  tt.return %x : f32
}

// CHECK-LABEL: tt.func public @kernel
// CHECK-SAME: (%[[X:.*]]: f32)
tt.func public @kernel(%x: f32) -> f32 {
  // CHECK-NEXT: %[[SUM:.*]] = arith.addf %[[X]], %[[X]]
  %0 = tt.call @twice(%x) : (f32) -> f32
  // CHECK-NEXT: %[[KEPT:.*]] = tt.call @kept(%[[SUM]])
  %1 = tt.call @kept(%0) : (f32) -> f32
  // CHECK-NEXT: tt.return %[[KEPT]]
  tt.return %1 : f32
}
