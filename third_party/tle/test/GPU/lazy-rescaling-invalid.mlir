// RUN: tle-opt %s -split-input-file -verify-diagnostics -triton-tle-lazy-rescaling -remarks-filter="triton-tle-lazy-rescaling"

!acc = tensor<64x256xf32>
!p = tensor<64x64xf32>
!v = tensor<64x256xbf16>
!row = tensor<64xf32>

// The weights go into a sum that is not scaled.
tt.func @unscaled(%m: !row, %s: !p, %v: !v, %n: i32) -> (!acc, !p) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : !acc
  %none = arith.constant dense<0.0> : !p
  // expected-remark @below {{no accumulator is scaled by exp(m - max(m, ...)) alone}}
  %r:3 = scf.for %i = %c0 to %n step %c1 iter_args(%m0 = %m, %acc0 = %zero, %sum = %none) -> (!row, !acc, !p) : i32 {
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
    %f_tall = tt.expand_dims %f {axis = 1 : i32} : !row -> tensor<64x1xf32>
    %f_wide = tt.broadcast %f_tall : tensor<64x1xf32> -> !acc
    %scaled = arith.mulf %acc0, %f_wide : !acc
    %w = arith.truncf %p : !p to tensor<64x64xbf16>
    %acc1 = tt.dot %w, %v, %scaled : tensor<64x64xbf16> * !v -> !acc
    %next = arith.addf %sum, %p : !p
    scf.yield %m1, %acc1, %next : !row, !acc, !p
  } {tle.consumer}
  tt.return %r#1, %r#2 : !acc, !p
}

// -----

!acc = tensor<64x256xf32>
!p = tensor<64x64xf32>
!v = tensor<64x256xbf16>
!row = tensor<64xf32>

// A square of weights is not linear in them.
tt.func @square(%m: !row, %s: !p, %v: !v, %n: i32) -> !acc {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : !acc
  // expected-remark @below {{no accumulator is scaled by exp(m - max(m, ...)) alone}}
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%m0 = %m, %acc0 = %zero) -> (!row, !acc) : i32 {
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
    %square = arith.mulf %p, %p : !p
    %f_tall = tt.expand_dims %f {axis = 1 : i32} : !row -> tensor<64x1xf32>
    %f_wide = tt.broadcast %f_tall : tensor<64x1xf32> -> !acc
    %scaled = arith.mulf %acc0, %f_wide : !acc
    %w = arith.truncf %square : !p to tensor<64x64xbf16>
    %acc1 = tt.dot %w, %v, %scaled : tensor<64x64xbf16> * !v -> !acc
    scf.yield %m1, %acc1 : !row, !acc
  } {tle.consumer}
  tt.return %r#1 : !acc
}

// -----

!acc = tensor<64x256xf32>
!p = tensor<64x64xf32>
!v = tensor<64x256xf16>
!row = tensor<64xf32>

// Weights of 16 bits are fine, sums of them would overflow sooner.
tt.func @half_precision(%m: !row, %s: !p, %v: !v, %n: i32) -> (!acc, !row) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : !acc
  %none = arith.constant dense<0.0> : !row
  // expected-remark @below {{no accumulator is scaled by exp(m - max(m, ...)) alone}}
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
    %w = arith.truncf %p : !p to tensor<64x64xf16>
    %small = "tt.reduce"(%w) <{axis = 1 : i32}> ({
    ^bb0(%a: f16, %b: f16):
      %sum = arith.addf %a, %b : f16
      tt.reduce.return %sum : f16
    }) : (tensor<64x64xf16>) -> tensor<64xf16>
    %total = arith.extf %small : tensor<64xf16> to !row
    %sum_scaled = arith.mulf %sum0, %f : !row
    %sum1 = arith.addf %sum_scaled, %total : !row
    %f_tall = tt.expand_dims %f {axis = 1 : i32} : !row -> tensor<64x1xf32>
    %f_wide = tt.broadcast %f_tall : tensor<64x1xf32> -> !acc
    %scaled = arith.mulf %acc0, %f_wide : !acc
    %acc1 = tt.dot %w, %v, %scaled : tensor<64x64xf16> * !v -> !acc
    scf.yield %m1, %sum1, %acc1 : !row, !row, !acc
  } {tle.consumer}
  tt.return %r#2, %r#1 : !acc, !row
}

// -----

!acc = tensor<64x256xf32>
!p = tensor<64x64xf32>
!v = tensor<64x256xbf16>
!row = tensor<64xf32>

// A sum over rows, each of which has a maximum of its own.
tt.func @rows_together(%m: !row, %s: !p, %v: !v, %n: i32) -> (!acc, !row) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : !acc
  %none = arith.constant dense<0.0> : !row
  %one = arith.constant dense<1.0> : !row
  // expected-remark @below {{no accumulator is scaled by exp(m - max(m, ...)) alone}}
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
    %total = "tt.reduce"(%p) <{axis = 0 : i32}> ({
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
  tt.return %r#2, %r#1 : !acc, !row
}

// -----

!acc = tensor<64x256xf32>
!p = tensor<64x64xf32>
!v = tensor<64x256xbf16>
!row = tensor<64xf32>

// Rows of weights are added to columns of a sum.
tt.func @columns_for_rows(%m: !row, %s: !p, %v: !v, %n: i32) -> (!acc, !p) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : !acc
  %none = arith.constant dense<0.0> : !p
  %one = arith.constant dense<1.0> : !row
  // expected-remark @below {{no accumulator is scaled by exp(m - max(m, ...)) alone}}
  %r:3 = scf.for %i = %c0 to %n step %c1 iter_args(%m0 = %m, %sum0 = %none, %acc0 = %zero) -> (!row, !p, !acc) : i32 {
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
    %total = tt.trans %p {order = array<i32: 1, 0>} : !p -> !p
    %f_col = tt.expand_dims %f {axis = 1 : i32} : !row -> tensor<64x1xf32>
    %f_p = tt.broadcast %f_col : tensor<64x1xf32> -> !p
    %sum_scaled = arith.mulf %sum0, %f_p : !p
    %sum1 = arith.addf %sum_scaled, %total : !p
    %f_tall = tt.expand_dims %f {axis = 1 : i32} : !row -> tensor<64x1xf32>
    %f_wide = tt.broadcast %f_tall : tensor<64x1xf32> -> !acc
    %scaled = arith.mulf %acc0, %f_wide : !acc
    %w = arith.truncf %p : !p to tensor<64x64xbf16>
    %acc1 = tt.dot %w, %v, %scaled : tensor<64x64xbf16> * !v -> !acc
    scf.yield %m1, %sum1, %acc1 : !row, !p, !acc
  } {tle.consumer}
  tt.return %r#2, %r#1 : !acc, !p
}

// -----

!acc = tensor<64x256xf32>
!p = tensor<64x64xf32>
!v = tensor<64x256xbf16>
!row = tensor<64xf32>

// A shape in which rows are no dimension.
tt.func @rows_split(%m: !row, %s: !p, %v: !v, %n: i32) -> (!acc, !p) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : !acc
  %none = arith.constant dense<0.0> : !p
  %one = arith.constant dense<1.0> : !row
  // expected-remark @below {{no accumulator is scaled by exp(m - max(m, ...)) alone}}
  %r:3 = scf.for %i = %c0 to %n step %c1 iter_args(%m0 = %m, %sum0 = %none, %acc0 = %zero) -> (!row, !p, !acc) : i32 {
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
    %halves = tt.reshape %p : !p -> tensor<128x32xf32>
    %total = tt.reshape %halves : tensor<128x32xf32> -> !p
    %f_col = tt.expand_dims %f {axis = 1 : i32} : !row -> tensor<64x1xf32>
    %f_p = tt.broadcast %f_col : tensor<64x1xf32> -> !p
    %sum_scaled = arith.mulf %sum0, %f_p : !p
    %sum1 = arith.addf %sum_scaled, %total : !p
    %f_tall = tt.expand_dims %f {axis = 1 : i32} : !row -> tensor<64x1xf32>
    %f_wide = tt.broadcast %f_tall : tensor<64x1xf32> -> !acc
    %scaled = arith.mulf %acc0, %f_wide : !acc
    %w = arith.truncf %p : !p to tensor<64x64xbf16>
    %acc1 = tt.dot %w, %v, %scaled : tensor<64x64xbf16> * !v -> !acc
    scf.yield %m1, %sum1, %acc1 : !row, !p, !acc
  } {tle.consumer}
  tt.return %r#2, %r#1 : !acc, !p
}

// -----

!acc = tensor<64x256xf32>
!p = tensor<64x64xf32>
!v = tensor<64x256xbf16>
!row = tensor<64xf32>
!batch = tensor<1x64x64xf32>

// Rows of the second factor of a batch of products are added up.
tt.func @batch(%m: !row, %s: !p, %v: !v, %x: tensor<1x64x64xbf16>, %n: i32) -> (!acc, !batch) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : !acc
  %none = arith.constant dense<0.0> : !batch
  // expected-remark @below {{no accumulator is scaled by exp(m - max(m, ...)) alone}}
  %r:3 = scf.for %i = %c0 to %n step %c1 iter_args(%m0 = %m, %acc0 = %zero, %sum = %none) -> (!row, !acc, !batch) : i32 {
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
    %f_tall = tt.expand_dims %f {axis = 1 : i32} : !row -> tensor<64x1xf32>
    %f_wide = tt.broadcast %f_tall : tensor<64x1xf32> -> !acc
    %scaled = arith.mulf %acc0, %f_wide : !acc
    %w = arith.truncf %p : !p to tensor<64x64xbf16>
    %acc1 = tt.dot %w, %v, %scaled : tensor<64x64xbf16> * !v -> !acc
    %f_flat = tt.broadcast %f_tall : tensor<64x1xf32> -> !p
    %f_batch = tt.expand_dims %f_flat {axis = 0 : i32} : !p -> !batch
    %sum_scaled = arith.mulf %sum, %f_batch : !batch
    %w_batch = tt.expand_dims %w {axis = 0 : i32} : tensor<64x64xbf16> -> tensor<1x64x64xbf16>
    %next = tt.dot %x, %w_batch, %sum_scaled : tensor<1x64x64xbf16> * tensor<1x64x64xbf16> -> !batch
    scf.yield %m1, %acc1, %next : !row, !acc, !batch
  } {tle.consumer}
  tt.return %r#1, %r#2 : !acc, !batch
}

// -----

!acc = tensor<1x256xf32>
!p = tensor<1x64xf32>
!v = tensor<64x256xbf16>
!row = tensor<1xf32>

// A tensor without dimensions has no rows.
tt.func @no_rows(%m: !row, %s: !p, %v: !v, %n: i32) -> (!acc, !row, tensor<f32>) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : !acc
  %none = arith.constant dense<0.0> : tensor<f32>
  // expected-remark @below {{no accumulator is scaled by exp(m - max(m, ...)) alone}}
  %r:3 = scf.for %i = %c0 to %n step %c1 iter_args(%m0 = %m, %acc0 = %zero, %sum = %none) -> (!row, !acc, tensor<f32>) : i32 {
    %max = "tt.reduce"(%s) <{axis = 1 : i32}> ({
    ^bb0(%a: f32, %b: f32):
      %larger = arith.maxnumf %a, %b : f32
      tt.reduce.return %larger : f32
    }) : (!p) -> !row
    %m1 = arith.maxnumf %m0, %max : !row
    %d = arith.subf %m0, %m1 : !row
    %f = math.exp2 %d : !row
    %tall = tt.expand_dims %m1 {axis = 1 : i32} : !row -> tensor<1x1xf32>
    %wide = tt.broadcast %tall : tensor<1x1xf32> -> !p
    %e = arith.subf %s, %wide : !p
    %p = math.exp2 %e : !p
    %total = "tt.reduce"(%p) <{axis = 1 : i32}> ({
    ^bb0(%a: f32, %b: f32):
      %added = arith.addf %a, %b : f32
      tt.reduce.return %added : f32
    }) : (!p) -> !row
    %point = tt.reshape %total : !row -> tensor<f32>
    %f_tall = tt.expand_dims %f {axis = 1 : i32} : !row -> tensor<1x1xf32>
    %f_wide = tt.broadcast %f_tall : tensor<1x1xf32> -> !acc
    %scaled = arith.mulf %acc0, %f_wide : !acc
    %w = arith.truncf %p : !p to tensor<1x64xbf16>
    %acc1 = tt.dot %w, %v, %scaled : tensor<1x64xbf16> * !v -> !acc
    scf.yield %m1, %acc1, %point : !row, !acc, tensor<f32>
  } {tle.consumer}
  tt.return %r#1, %r#0, %r#2 : !acc, !row, tensor<f32>
}
