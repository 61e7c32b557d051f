// RUN: tle-opt %s -split-input-file -verify-diagnostics

tt.func @odd_size(%s: f32) {
  // expected-error @+1 {{result #0 has 3 elements; the number of elements must be a power of two}}
  %0 = tt.splat %s : f32 -> tensor<3xf32>
  tt.return
}

// -----

tt.func @too_large(%s: f32) {
  // expected-error @+1 {{result #0 has 2097152 elements; the limit is 1048576}}
  %0 = tt.splat %s : f32 -> tensor<2097152xf32>
  tt.return
}

// -----

tt.func @unknown_op() {
  // expected-error @+1 {{custom op 'tt.frobnicate' is unknown}}
  tt.frobnicate
  tt.return
}

// -----

tt.func @unknown_op_in_generic_form() {
  // expected-error @+1 {{unregistered operation 'tt.frobnicate' found in dialect ('tt') that does not allow unknown operations}}
  "tt.frobnicate"() : () -> ()
  tt.return
}

// -----

// expected-error @+1 {{address space of a pointer must not be negative, got -1}}
tt.func @address_space(%p: !tt.ptr<f32, -1>) {
  tt.return
}

// -----

tt.func @callee() {
  // expected-error @+1 {{callee @missing is no tt.func of this module}}
  tt.call @missing() : () -> ()
  tt.return
}

// -----

tt.func private @f(i32) -> i32
tt.func @call_type(%x: f32) {
  // expected-error @+1 {{calls @f of type '(i32) -> i32' with '(f32) -> i32'}}
  %0 = tt.call @f(%x) : (f32) -> i32
  tt.return
}

// -----

tt.func @return_count() -> i32 {
  // expected-error @+1 {{returns 0 values, @return_count declares 1}}
  tt.return
}

// -----

tt.func @return_type(%x: f32) -> i32 {
  // expected-error @+1 {{operand #0 has type 'f32', @return_type declares 'i32'}}
  tt.return %x : f32
}

// -----

tt.func @range(%x: f32) {
  // expected-error @+1 {{counts from 0 to 32, the result has 64 elements}}
  %0 = tt.make_range {start = 0 : i32, end = 32 : i32} : tensor<64xi32>
  tt.return
}

// -----

tt.func @range_type(%x: f32) {
  // expected-error @+1 {{result must be a tensor of i32 of rank 1, got 'tensor<64xi64>'}}
  %0 = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi64>
  tt.return
}

// -----

tt.func @load_mask(%p: tensor<64x!tt.ptr<f32>>, %m: tensor<32xi1>) {
  // expected-note @-1 {{prior use here}}
  // expected-error @+1 {{use of value '%m' expects different type than prior uses: 'tensor<64xi1>' vs 'tensor<32xi1>'}}
  %0 = tt.load %p, %m : tensor<64x!tt.ptr<f32>>
  tt.return
}

// -----

tt.func @store_value(%p: tensor<64x!tt.ptr<f32>>, %v: tensor<64xf32>, %w: tensor<64xf16>) {
  // expected-error @+1 {{'tt.store' op failed to verify that value type matches ptr type}}
  "tt.store"(%p, %w) : (tensor<64x!tt.ptr<f32>>, tensor<64xf16>) -> ()
  tt.return
}

// -----

tt.func @advance(%p: !tt.ptr<tensor<64x64xf16>>, %i: i32) {
  // expected-error @+1 {{has 1 offsets for a block of rank 2}}
  %0 = tt.advance %p, [%i] : <tensor<64x64xf16>>
  tt.return
}

// -----

tt.func @bitcast_width(%x: tensor<64xf32>) {
  // expected-error @+1 {{needs element types of one width, got 'f32' and 'i16'}}
  %0 = tt.bitcast %x : tensor<64xf32> -> tensor<64xi16>
  tt.return
}

// -----

tt.func @bitcast_pointer(%x: i64) {
  // expected-error @+1 {{casts a pointer only to a pointer, got 'i64' and '!tt.ptr<f32>'}}
  %0 = tt.bitcast %x : i64 -> !tt.ptr<f32>
  tt.return
}

// -----

tt.func @narrowing(%x: tensor<64xf32>) {
  // expected-error @+1 {{narrows 'tensor<64xf32>' to 'tensor<64xf16>' and so must name its rounding}}
  %0 = tt.fp_to_fp %x : tensor<64xf32> -> tensor<64xf16>
  tt.return
}

// -----

tt.func @packed_element(%x: tensor<64xf32>) {
  // expected-error @+1 {{packed_element must divide the number of elements, got 128 and 64}}
  %0 = tt.elementwise_inline_asm "" {constraints = "=r,r", packed_element = 128 : i32, pure = true} %x : tensor<64xf32> -> tensor<64xf32>
  tt.return
}

// -----

tt.func @map_region(%x: tensor<64xf32>) {
  // expected-error @+1 {{region must take 2 elements of each source, in order}}
  %0 = "tt.map_elementwise"(%x) <{pack = 2 : i32}> ({
  ^bb0(%a: f32):
    tt.map_elementwise.return %a, %a : f32, f32
  }) : (tensor<64xf32>) -> tensor<64xf32>
  tt.return
}

// -----

tt.func @map_results(%x: tensor<64xf32>) {
  %0 = "tt.map_elementwise"(%x) <{pack = 2 : i32}> ({
  ^bb0(%a: f32, %b: f32):
    // expected-error @+1 {{must give 2 elements of each result, in order}}
    tt.map_elementwise.return %a : f32
  }) : (tensor<64xf32>) -> tensor<64xf32>
  tt.return
}

// -----

tt.func @unsplat(%x: tensor<2xf32>) {
  // expected-error @+1 {{source must have one element, got 'tensor<2xf32>'}}
  %0 = tt.unsplat %x : tensor<2xf32>
  tt.return
}

// -----

tt.func @expand_axis(%x: tensor<64xf32>) {
  // expected-error @+2 {{axis must be between 0 and 1, got 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %0 = tt.expand_dims %x {axis = 2 : i32} : tensor<64xf32> -> tensor<64x1xf32>
  tt.return
}

// -----

tt.func @expand_type(%x: tensor<64xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{inferred type(s) 'tensor<1x64xf32>' are incompatible with return type(s) of operation 'tensor<64x1xf32>'}}
  %0 = tt.expand_dims %x {axis = 0 : i32} : tensor<64xf32> -> tensor<64x1xf32>
  tt.return
}

// -----

tt.func @reshape(%x: tensor<64xf32>) {
  // expected-error @+1 {{must keep the number of elements, got 'tensor<64xf32>' and 'tensor<8x16xf32>'}}
  %0 = tt.reshape %x : tensor<64xf32> -> tensor<8x16xf32>
  tt.return
}

// -----

tt.func @broadcast(%x: tensor<1x2xf32>) {
  // expected-error @+1 {{repeats only dimensions of size 1; dimension #1 goes from 2 to 4}}
  %0 = tt.broadcast %x : tensor<1x2xf32> -> tensor<4x4xf32>
  tt.return
}

// -----

tt.func @cat(%x: tensor<64xf32>) {
  // expected-error @+1 {{result must have twice the elements of one source}}
  %0 = tt.cat %x, %x : tensor<64xf32> -> tensor<256xf32>
  tt.return
}

// -----

tt.func @join(%x: tensor<64xf32>) {
  // expected-error @+1 {{result must be 'tensor<64x2xf32>' up to its layout, got 'tensor<2x64xf32>'}}
  %0 = tt.join %x, %x : tensor<64xf32> -> tensor<2x64xf32>
  tt.return
}

// -----

tt.func @split(%x: tensor<64x4xf32>) {
  // expected-error @+2 {{last dimension must be 2, got 'tensor<64x4xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %0, %1 = tt.split %x : tensor<64x4xf32> -> tensor<64xf32>
  tt.return
}

// -----

tt.func @trans(%x: tensor<64x4xf32>) {
  // expected-error @+1 {{order must be a permutation of 0 to 1, got [1, 1]}}
  %0 = tt.trans %x {order = array<i32: 1, 1>} : tensor<64x4xf32> -> tensor<4x4xf32>
  tt.return
}

// -----

tt.func @dot_depth(%a: tensor<64x32xf16>, %b: tensor<64x64xf16>, %c: tensor<64x64xf32>) {
  // expected-error @+1 {{last dimension of the first operand must equal the second to last of the second}}
  %0 = tt.dot %a, %b, %c : tensor<64x32xf16> * tensor<64x64xf16> -> tensor<64x64xf32>
  tt.return
}

// -----

tt.func @dot_shape(%a: tensor<64x32xf16>, %b: tensor<32x64xf16>, %c: tensor<32x64xf32>) {
  // expected-error @+1 {{accumulator must have the rows of the first operand and the columns of the second}}
  %0 = tt.dot %a, %b, %c : tensor<64x32xf16> * tensor<32x64xf16> -> tensor<32x64xf32>
  tt.return
}

// -----

tt.func @dot_width(%a: tensor<64x32xf16>, %b: tensor<32x64xf32>, %c: tensor<64x64xf32>) {
  // expected-error @+1 {{factors must have elements of one width, got 'f16' and 'f32'}}
  %0 = tt.dot %a, %b, %c : tensor<64x32xf16> * tensor<32x64xf32> -> tensor<64x64xf32>
  tt.return
}

// -----

tt.func @scale(%a: tensor<128x64xf8E4M3FN>, %b: tensor<64x128xf8E4M3FN>, %s: tensor<128x8xi8>, %c: tensor<128x128xf32>) {
  // expected-error @+1 {{first scale must cover 16 or 32 elements of K = 64}}
  %0 = tt.dot_scaled %a scale %s, %b, %c lhs = e4m3 rhs = e4m3 {fastMath = false} : tensor<128x64xf8E4M3FN>, tensor<128x8xi8> * tensor<64x128xf8E4M3FN> -> tensor<128x128xf32>
  tt.return
}

// -----

tt.func @scaled_format(%a: tensor<128x64xf8E4M3FN>, %b: tensor<64x128xf8E4M3FN>, %c: tensor<128x128xf32>) {
  // expected-error @+1 {{second factor has elements of type 'f8E4M3FN', its format is e5m2}}
  %0 = tt.dot_scaled %a, %b, %c lhs = e4m3 rhs = e5m2 {fastMath = false} : tensor<128x64xf8E4M3FN> * tensor<64x128xf8E4M3FN> -> tensor<128x128xf32>
  tt.return
}

// -----

tt.func @reduce_axis(%f: tensor<64xf32>) {
  // expected-error @+1 {{axis must be between 0 and 0, got 1}}
  %0 = "tt.reduce"(%f) <{axis = 1 : i32}> ({
  ^bb0(%x: f32, %y: f32):
    tt.reduce.return %x : f32
  }) : (tensor<64xf32>) -> f32
  tt.return
}

// -----

tt.func @reduce_region(%f: tensor<64xf32>) {
  // expected-error @+1 {{region must take the element types of the sources twice over: ('f32', 'f32'), got ('f32')}}
  %0 = "tt.reduce"(%f) <{axis = 0 : i32}> ({
  ^bb0(%x: f32):
    tt.reduce.return %x : f32
  }) : (tensor<64xf32>) -> f32
  tt.return
}

// -----

tt.func @scan_result(%f: tensor<64xf32>) {
  %0 = "tt.scan"(%f) <{axis = 0 : i32, reverse = false}> ({
  ^bb0(%x: f32, %y: f32):
    %z = arith.fptosi %x : f32 to i32
    // expected-error @+1 {{must give the element types of the sources: ('f32'), got ('i32')}}
    tt.scan.return %z : i32
  }) : (tensor<64xf32>) -> tensor<64xf32>
  tt.return
}

// -----

tt.func @gather_axis(%f: tensor<64xf32>, %i: tensor<64xi32>) {
  // expected-error @+1 {{axis must be between 0 and 0, got 2}}
  %0 = tt.gather %f[%i] {axis = 2 : i32} : (tensor<64xf32>, tensor<64xi32>) -> tensor<64xf32>
  tt.return
}

// -----

tt.func @descriptor_block(%d: !tt.tensordesc<tensor<64x64xf16>>, %i: i32) {
  // expected-error @+1 {{block and tensor must have one shape, got 'tensor<64x64xf16>' and 'tensor<64x32xf16>'}}
  %0 = tt.descriptor_load %d[%i, %i] : !tt.tensordesc<tensor<64x64xf16>> -> tensor<64x32xf16>
  tt.return
}

// -----

tt.func @descriptor_indices(%d: !tt.tensordesc<tensor<64x64xf16>>, %i: i32) {
  // expected-error @+1 {{has 1 indices for a block of rank 2}}
  %0 = tt.descriptor_load %d[%i] : !tt.tensordesc<tensor<64x64xf16>> -> tensor<64x64xf16>
  tt.return
}

// -----

tt.func @gather_block(%d: !tt.tensordesc<tensor<2x64xf16>>, %x: tensor<32xi32>, %y: i32) {
  // expected-error @+1 {{block must be one row of a matrix, got 'tensor<2x64xf16>'}}
  %0 = tt.descriptor_gather %d[%x, %y] : (!tt.tensordesc<tensor<2x64xf16>>, tensor<32xi32>, i32) -> tensor<32x64xf16>
  tt.return
}

// -----

tt.func @descriptor_sizes(%p: !tt.ptr<f32>, %i: i32, %l: i64) {
  // expected-error @+1 {{has 1 sizes for a block of rank 2}}
  %0 = tt.make_tensor_descriptor %p, [%i], [%l] : <f32>, <tensor<64x64xf32>>
  tt.return
}

// -----

tt.func @circle_in_unreachable_block(%x: i32) {
  cf.br ^bb2
^bb1:
  // expected-error @+1 {{uses its own result, in a block that nothing reaches or that has no order}}
  %a = arith.addi %b, %x : i32
  %b = arith.addi %a, %x : i32
  cf.br ^bb2
^bb2:
  tt.return
}

// -----

tt.func @circle_in_partition(%x: i32) {
  ttg.warp_specialize(%x)
  default {
    ttg.warp_yield
  }
  partition0(%y: i32) num_warps(4) {
    ttg.warp_return
  ^bb1:
    // expected-error @+1 {{uses its own result, in a block that nothing reaches or that has no order}}
    %a = arith.addi %a, %y : i32
    ttg.warp_return
  } : (i32) -> ()
  tt.return
}
