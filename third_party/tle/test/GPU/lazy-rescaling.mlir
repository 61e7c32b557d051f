// RUN: tle-opt %s -split-input-file -triton-tle-lazy-rescaling | FileCheck %s

!acc = tensor<64x256xf32>
!p = tensor<64x64xf32>
!v = tensor<64x256xbf16>
!row = tensor<64xf32>

// A reference is carried beside the maximum; factor and weights are relative to
// it; behind the loop the sums are those of the maximum again. The sum of
// weights gets a product of its own; the accumulator's goes into the vector that
// it is multiplied by.
// CHECK-LABEL: @softmax
// CHECK-SAME: %[[M:arg[0-9]+]]: tensor<64xf32>
// CHECK: %[[R:.*]]:4 = scf.for {{.*}} iter_args(%[[M0:.*]] = %[[M]], %[[SUM0:.*]] = {{.*}}, %[[ACC0:.*]] = {{.*}}, %[[R0:.*]] = %[[M]])
// CHECK: %[[MAX:.*]] = "tt.reduce"
// CHECK: %[[M1:.*]] = arith.maxnumf %[[M0]], %[[MAX]]
// CHECK: %[[EIGHT:.*]] = arith.constant dense<8.000000e+00> : tensor<64xf32>
// CHECK: %[[LIMIT:.*]] = arith.addf %[[R0]], %[[EIGHT]]
// CHECK: %[[ABOVE:.*]] = arith.cmpf ogt, %[[M1]], %[[LIMIT]]
// CHECK: %[[R1:.*]] = arith.select %[[ABOVE]], %[[M1]], %[[R0]]
// CHECK: %[[D:.*]] = arith.subf %[[R0]], %[[R1]]
// CHECK: %[[F:.*]] = math.exp2 %[[D]]
// CHECK: %[[TALL:.*]] = tt.expand_dims %[[R1]]
// CHECK: %[[WIDE:.*]] = tt.broadcast %[[TALL]]
// CHECK: arith.subf %{{.*}}, %[[WIDE]]
// CHECK: arith.mulf %[[SUM0]], %[[F]]
// CHECK: arith.mulf %[[ACC0]]
// CHECK: scf.yield %[[M1]], %{{.*}}, %{{.*}}, %[[R1]]
// CHECK: } {tle.consumer}
// CHECK: %[[ONE:.*]] = arith.constant dense<1.000000e+00> : tensor<64xf32>
// CHECK: %[[SAME:.*]] = arith.cmpf oeq, %[[R]]#3, %[[R]]#0
// CHECK: %[[BEHIND:.*]] = arith.subf %[[R]]#3, %[[R]]#0
// CHECK: %[[EXP:.*]] = math.exp2 %[[BEHIND]]
// CHECK: %[[C:.*]] = arith.select %[[SAME]], %[[ONE]], %[[EXP]]
// CHECK: %[[SUM:.*]] = arith.mulf %[[R]]#1, %[[C]]
// CHECK: %[[INVERSE:.*]] = arith.divf %{{.*}}, %[[SUM]]
// CHECK: %[[BOTH:.*]] = arith.mulf %[[INVERSE]], %[[C]]
// CHECK: %[[BOTH_TALL:.*]] = tt.expand_dims %[[BOTH]]
// CHECK: %[[BOTH_WIDE:.*]] = tt.broadcast %[[BOTH_TALL]]
// CHECK: arith.mulf %[[R]]#2, %[[BOTH_WIDE]]
// CHECK: return %{{.*}}, %[[R]]#0
tt.func @softmax(%m: !row, %s: !p, %v: !v, %n: i32) -> (!acc, !row) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : !acc
  %none = arith.constant dense<0.0> : !row
  %one = arith.constant dense<1.0> : !row
  %r:3 = scf.for %i = %c0 to %n step %c1 iter_args(%m0 = %m, %sum0 = %none, %acc0 = %zero) -> (!row, !row, !acc) : i32 {
    %max = "tt.reduce"(%s) <{axis = 1 : i32}> ({
    ^bb0(%a: f32, %b: f32):
      %larger = arith.maxnumf %a, %b : f32
      tt.reduce.return %larger : f32
    }) : (!p) -> !row
    %m1 = arith.maxnumf %m0, %max : !row
    %d = arith.subf %m0, %m1 : !row
    %f = math.exp2 %d : !row
    %tall = tt.expand_dims %m1 {axis = 1 : i32} : !row -> tensor<64x1xf32>
    %wide = tt.broadcast %tall : tensor<64x1xf32> -> !p
    %e = arith.subf %s, %wide : !p
    %p = math.exp2 %e : !p
    %total = "tt.reduce"(%p) <{axis = 1 : i32}> ({
    ^bb0(%a: f32, %b: f32):
      %sum = arith.addf %a, %b : f32
      tt.reduce.return %sum : f32
    }) : (!p) -> !row
    %sum_scaled = arith.mulf %sum0, %f : !row
    %sum1 = arith.addf %sum_scaled, %total : !row
    %f_tall = tt.expand_dims %f {axis = 1 : i32} : !row -> tensor<64x1xf32>
    %f_wide = tt.broadcast %f_tall : tensor<64x1xf32> -> !acc
    %scaled = arith.mulf %acc0, %f_wide : !acc
    %w = arith.truncf %p : !p to tensor<64x64xbf16>
    %acc1 = tt.dot %w, %v, %scaled : tensor<64x64xbf16> * !v -> !acc
    scf.yield %m1, %sum1, %acc1 : !row, !row, !acc
  } {tle.consumer}
  %inverse = arith.divf %one, %r#1 : !row
  %i_tall = tt.expand_dims %inverse {axis = 1 : i32} : !row -> tensor<64x1xf32>
  %i_wide = tt.broadcast %i_tall : tensor<64x1xf32> -> !acc
  %out = arith.mulf %r#2, %i_wide : !acc
  tt.return %out, %r#0 : !acc, !row
}

// -----

!acc = tensor<64x256xf32>
!p = tensor<64x64xf32>
!v = tensor<64x256xbf16>
!row = tensor<64xf32>

// Natural exponentials: 8 powers of two are 5.545. The accumulator has a product
// of its own where another vector multiplies its columns.
// CHECK-LABEL: @natural
// CHECK: %[[R:.*]]:3 = scf.for
// CHECK: arith.constant dense<5.545177{{.*}}> : tensor<64xf32>
// CHECK: } {tle.consumer}
// CHECK: %[[C:.*]] = arith.select
// CHECK: %[[TALL:.*]] = tt.expand_dims %[[C]] {axis = 1 : i32}
// CHECK: %[[WIDE:.*]] = tt.broadcast %[[TALL]]
// CHECK: %[[ACC:.*]] = arith.mulf %[[R]]#1, %[[WIDE]]
// CHECK: arith.mulf %[[ACC]], %{{.*}}
tt.func @natural(%m: !row, %s: !p, %v: !v, %n: i32, %bias: tensor<256xf32>) -> !acc {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : !acc
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%m0 = %m, %acc0 = %zero) -> (!row, !acc) : i32 {
    %max = "tt.reduce"(%s) <{axis = 1 : i32}> ({
    ^bb0(%a: f32, %b: f32):
      %larger = arith.maxnumf %a, %b : f32
      tt.reduce.return %larger : f32
    }) : (!p) -> !row
    %m1 = arith.maxnumf %max, %m0 : !row
    %d = arith.subf %m0, %m1 : !row
    %f = math.exp %d : !row
    %tall = tt.expand_dims %m1 {axis = 1 : i32} : !row -> tensor<64x1xf32>
    %wide = tt.broadcast %tall : tensor<64x1xf32> -> !p
    %e = arith.subf %s, %wide : !p
    %p = math.exp %e : !p
    %f_tall = tt.expand_dims %f {axis = 1 : i32} : !row -> tensor<64x1xf32>
    %f_wide = tt.broadcast %f_tall : tensor<64x1xf32> -> !acc
    %scaled = arith.mulf %acc0, %f_wide : !acc
    %w = arith.truncf %p : !p to tensor<64x64xbf16>
    %acc1 = tt.dot %w, %v, %scaled : tensor<64x64xbf16> * !v -> !acc
    scf.yield %m1, %acc1 : !row, !acc
  } {tle.consumer}
  %b_flat = tt.expand_dims %bias {axis = 0 : i32} : tensor<256xf32> -> tensor<1x256xf32>
  %b_wide = tt.broadcast %b_flat : tensor<1x256xf32> -> !acc
  %out = arith.mulf %r#1, %b_wide : !acc
  tt.return %out : !acc
}

// -----

!acc = tensor<64x256xf32>
!p = tensor<64x64xf32>
!v = tensor<64x256xbf16>
!row = tensor<64xf32>
!part = tensor<64x8xf32>

// Sums of each row in parts: another shape of the weights keeps their rows.
// CHECK-LABEL: @parts
// CHECK: %[[R:.*]]:4 = scf.for
// CHECK: %[[SHAPED:.*]] = tt.reshape
// CHECK: "tt.reduce"(%[[SHAPED]]) <{axis = 1 : i32}>
// CHECK: } {tle.consumer}
// CHECK: %[[C:.*]] = arith.select
// CHECK: arith.mulf %[[R]]#2
// CHECK: %[[TALL:.*]] = tt.expand_dims %[[C]] {axis = 1 : i32}
// CHECK: %[[WIDE:.*]] = tt.broadcast %[[TALL]] : tensor<64x1xf32> -> tensor<64x8xf32>
// CHECK: arith.mulf %[[R]]#1, %[[WIDE]]
tt.func @parts(%m: !row, %s: !p, %v: !v, %n: i32) -> (!acc, !part) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : !acc
  %none = arith.constant dense<0.0> : !part
  %one = arith.constant dense<1.0> : !row
  %r:3 = scf.for %i = %c0 to %n step %c1 iter_args(%m0 = %m, %sum0 = %none, %acc0 = %zero) -> (!row, !part, !acc) : i32 {
    %max = "tt.reduce"(%s) <{axis = 1 : i32}> ({
    ^bb0(%a: f32, %b: f32):
      %larger = arith.maxnumf %a, %b : f32
      tt.reduce.return %larger : f32
    }) : (!p) -> !row
    %m1 = arith.maxnumf %m0, %max : !row
    %d = arith.subf %m0, %m1 : !row
    %f = math.exp2 %d : !row
    %tall = tt.expand_dims %m1 {axis = 1 : i32} : !row -> tensor<64x1xf32>
    %wide = tt.broadcast %tall : tensor<64x1xf32> -> !p
    %e = arith.subf %s, %wide : !p
    %p = math.exp2 %e : !p
    %shaped = tt.reshape %p : !p -> tensor<64x8x8xf32>
    %total = "tt.reduce"(%shaped) <{axis = 1 : i32}> ({
    ^bb0(%a: f32, %b: f32):
      %sum = arith.addf %a, %b : f32
      tt.reduce.return %sum : f32
    }) : (tensor<64x8x8xf32>) -> !part
    %f_col = tt.expand_dims %f {axis = 1 : i32} : !row -> tensor<64x1xf32>
    %f_part = tt.broadcast %f_col : tensor<64x1xf32> -> !part
    %sum_scaled = arith.mulf %sum0, %f_part : !part
    %sum1 = arith.addf %sum_scaled, %total : !part
    %f_tall = tt.expand_dims %f {axis = 1 : i32} : !row -> tensor<64x1xf32>
    %f_wide = tt.broadcast %f_tall : tensor<64x1xf32> -> !acc
    %scaled = arith.mulf %acc0, %f_wide : !acc
    %w = arith.truncf %p : !p to tensor<64x64xbf16>
    %acc1 = tt.dot %w, %v, %scaled : tensor<64x64xbf16> * !v -> !acc
    scf.yield %m1, %sum1, %acc1 : !row, !part, !acc
  } {tle.consumer}
  tt.return %r#2, %r#1 : !acc, !part
}
