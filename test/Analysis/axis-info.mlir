// RUN: tle-opt %s -test-print-axis-info -verify-diagnostics=only-expected -o /dev/null

// expected-remark @below {{region 0 block 0 argument 0: contiguity = [1], divisibility = [16], constancy = [1]}}
// expected-remark @below {{region 0 block 0 argument 1: contiguity = [1], divisibility = [8], constancy = [1]}}
// expected-remark @below {{region 0 block 0 argument 2: contiguity = [1], divisibility = [1], constancy = [1]}}
// expected-remark @below {{region 0 block 0 argument 3: contiguity = [1, 16], divisibility = [1, 8], constancy = [4, 1]}}
tt.func public @arguments(%p: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %n: i32 {tt.divisibility = 24 : i32}, %q: !tt.ptr<f16>,
    %t: tensor<8x16xi32> {tt.contiguity = dense<[1, 16]> : tensor<2xi32>, tt.divisibility = dense<[1, 8]> : tensor<2xi32>, tt.constancy = dense<[4, 1]> : tensor<2xi32>}) {
  tt.return
}

tt.func public @sums(%n: i32, %m: i32 {tt.divisibility = 16 : i32}) {
  // expected-remark @below {{result 0: contiguity = [128], divisibility = [1073741824], constancy = [1], non-negative}}
  %r = tt.make_range {start = 0 : i32, end = 128 : i32} : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [128], divisibility = [128], constancy = [1], non-negative}}
  %s = tt.make_range {start = 128 : i32, end = 256 : i32} : tensor<128xi32>
  %nn = tt.splat %n : i32 -> tensor<128xi32>
  %mm = tt.splat %m : i32 -> tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [128], divisibility = [1], constancy = [1]}}
  %a = arith.addi %r, %nn : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [128], divisibility = [16], constancy = [1]}}
  %b = arith.addi %mm, %r : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [1], non-negative}}
  %c = arith.addi %r, %s : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [128], divisibility = [16], constancy = [1]}}
  %d = arith.subi %r, %mm : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [1]}}
  %e = arith.subi %mm, %r : tensor<128xi32>
  tt.return
}

// What divides a run's start does not divide the starts of its parts.
tt.func public @parts(%q: tensor<128xi32> {tt.constancy = 4 : i32, tt.divisibility = 64 : i32}) {
  // expected-remark @below {{result 0: contiguity = [128], divisibility = [1073741824], constancy = [1], non-negative}}
  %r = tt.make_range {start = 0 : i32, end = 128 : i32} : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [4], divisibility = [4], constancy = [1]}}
  %a = arith.addi %r, %q : tensor<128xi32>
  tt.return
}

tt.func public @products(%n: i32, %m: i32 {tt.divisibility = 16 : i32}) {
  %c1 = arith.constant dense<1> : tensor<128xi32>
  %c12 = arith.constant dense<12> : tensor<128xi32>
  %c0 = arith.constant dense<0> : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [128], divisibility = [1073741824], constancy = [1], non-negative}}
  %r = tt.make_range {start = 0 : i32, end = 128 : i32} : tensor<128xi32>
  %mm = tt.splat %m : i32 -> tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [128], divisibility = [1073741824], constancy = [1], non-negative}}
  %a = arith.muli %r, %c1 : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [4], constancy = [1], non-negative}}
  %b = arith.muli %r, %c12 : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [64], constancy = [128]}}
  %c = arith.muli %mm, %c12 : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [1073741824], constancy = [128]}}
  %d = arith.muli %c0, %mm : tensor<128xi32>
  %two = arith.constant dense<2> : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [64], constancy = [128]}}
  %f = arith.shli %mm, %two : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [4], constancy = [1], non-negative}}
  %e = arith.shli %r, %two : tensor<128xi32>
  tt.return
}

// A quotient of numbers that may be negative is rounded towards zero: -8 / 8 and
// -7 / 8 differ.
tt.func public @quotients(%n: i32 {tt.divisibility = 64 : i32}, %m: i32 {tt.divisibility = 16 : i32}) {
  %c8 = arith.constant dense<8> : tensor<128xi32>
  %c3 = arith.constant dense<3> : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [128], divisibility = [1073741824], constancy = [1], non-negative}}
  %r = tt.make_range {start = 0 : i32, end = 128 : i32} : tensor<128xi32>
  %nn = tt.splat %n : i32 -> tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [128], divisibility = [64], constancy = [1]}}
  %x = arith.addi %r, %nn : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [8], non-negative}}
  %a = arith.divsi %r, %c8 : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [1]}}
  %b = arith.divsi %x, %c8 : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [8]}}
  %c = arith.divui %x, %c8 : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [8]}}
  %d = arith.shrsi %x, %c3 : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [8], constancy = [128]}}
  %e = arith.divsi %nn, %c8 : tensor<128xi32>
  %mm = tt.splat %m : i32 -> tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [16]}}
  %f = arith.divsi %r, %mm : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [8], divisibility = [8], constancy = [1], non-negative}}
  %g = arith.remsi %r, %c8 : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [1]}}
  %h = arith.remsi %x, %c8 : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [16], divisibility = [16], constancy = [1]}}
  %i = arith.remui %x, %mm : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [1], non-negative}}
  %j = arith.remsi %r, %c3 : tensor<128xi32>
  tt.return
}

tt.func public @bits(%n: i32 {tt.divisibility = 64 : i32}) {
  %c7 = arith.constant dense<7> : tensor<128xi32>
  %c_8 = arith.constant dense<-8> : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [128], divisibility = [1073741824], constancy = [1], non-negative}}
  %r = tt.make_range {start = 0 : i32, end = 128 : i32} : tensor<128xi32>
  %nn = tt.splat %n : i32 -> tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [128], divisibility = [64], constancy = [1]}}
  %x = arith.addi %r, %nn : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [8], divisibility = [8], constancy = [1], non-negative}}
  %a = arith.andi %x, %c7 : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [8], constancy = [8]}}
  %b = arith.andi %x, %c_8 : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [64], divisibility = [64], constancy = [1]}}
  %c = arith.ori %r, %nn : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [1], non-negative}}
  %d = arith.xori %r, %c7 : tensor<128xi32>
  tt.return
}

tt.func public @choices(%n: i32 {tt.divisibility = 16 : i32}, %flag: i1) {
  %c16 = arith.constant dense<16> : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [128], divisibility = [1073741824], constancy = [1], non-negative}}
  %r = tt.make_range {start = 0 : i32, end = 128 : i32} : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [128], divisibility = [64], constancy = [1], non-negative}}
  %s = tt.make_range {start = 64 : i32, end = 192 : i32} : tensor<128xi32>
  %nn = tt.splat %n : i32 -> tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [16]}}
  %a = arith.cmpi slt, %r, %nn : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [1]}}
  %b = arith.cmpi sle, %r, %nn : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [16]}}
  %c = arith.cmpi sgt, %nn, %r : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [1]}}
  %d = arith.cmpi eq, %nn, %r : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [16], divisibility = [16], constancy = [1], non-negative}}
  %e = arith.select %a, %r, %s : tensor<128xi1>, tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [128], divisibility = [64], constancy = [1], non-negative}}
  %f = arith.select %flag, %r, %s : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [1]}}
  %g = arith.minsi %r, %nn : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [16], constancy = [128], non-negative}}
  %h = arith.maxsi %nn, %c16 : tensor<128xi32>
  tt.return
}

tt.func public @casts(%n: i32 {tt.divisibility = 4 : i32}, %p: !tt.ptr<f16> {tt.divisibility = 32 : i32}) {
  // expected-remark @below {{result 0: contiguity = [512], divisibility = [1073741824], constancy = [1], non-negative}}
  %r = tt.make_range {start = 0 : i32, end = 512 : i32} : tensor<512xi32>
  %nn = tt.splat %n : i32 -> tensor<512xi32>
  // expected-remark @below {{result 0: contiguity = [512], divisibility = [4], constancy = [1]}}
  %x = arith.addi %r, %nn : tensor<512xi32>
  // expected-remark @below {{result 0: contiguity = [512], divisibility = [4], constancy = [1]}}
  %a = arith.extsi %x : tensor<512xi32> to tensor<512xi64>
  // expected-remark @below {{result 0: contiguity = [4], divisibility = [4], constancy = [1], non-negative}}
  %b = arith.extui %x : tensor<512xi32> to tensor<512xi64>
  // expected-remark @below {{result 0: contiguity = [128], divisibility = [128], constancy = [1]}}
  %c = arith.trunci %r : tensor<512xi32> to tensor<512xi8>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [4], constancy = [1]}}
  %d = arith.index_cast %n : i32 to index
  %pp = tt.splat %p : !tt.ptr<f16> -> tensor<512x!tt.ptr<f16>>
  // expected-remark @below {{result 0: contiguity = [512], divisibility = [32], constancy = [1]}}
  %q = tt.addptr %pp, %r : tensor<512x!tt.ptr<f16>>, tensor<512xi32>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [2], constancy = [1]}}
  %e = tt.ptr_to_int %q : tensor<512x!tt.ptr<f16>> -> tensor<512xi64>
  // expected-remark @below {{result 0: contiguity = [512], divisibility = [32], constancy = [1]}}
  %f = tt.bitcast %q : tensor<512x!tt.ptr<f16>> -> tensor<512x!tt.ptr<i16>>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [2], constancy = [1]}}
  %g = tt.bitcast %q : tensor<512x!tt.ptr<f16>> -> tensor<512x!tt.ptr<i32>>
  tt.return
}

tt.func public @shapes(%n: i32 {tt.divisibility = 8 : i32}) {
  // expected-remark @below {{result 0: contiguity = [64], divisibility = [1073741824], constancy = [1], non-negative}}
  %r = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32>
  // expected-remark @below {{result 0: contiguity = [1, 64], divisibility = [1, 1073741824], constancy = [1, 1], non-negative}}
  %a = tt.expand_dims %r {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  // expected-remark @below {{result 0: contiguity = [1, 64], divisibility = [1, 1073741824], constancy = [32, 1], non-negative}}
  %b = tt.broadcast %a : tensor<1x64xi32> -> tensor<32x64xi32>
  // expected-remark @below {{result 0: contiguity = [64, 1], divisibility = [1073741824, 1], constancy = [1, 32], non-negative}}
  %c = tt.trans %b {order = array<i32: 1, 0>} : tensor<32x64xi32> -> tensor<64x32xi32>
  // expected-remark @below {{result 0: contiguity = [1, 8], divisibility = [1, 8], constancy = [1, 1], non-negative}}
  %d = tt.reshape %r : tensor<64xi32> -> tensor<8x8xi32>
  // expected-remark @below {{result 0: contiguity = [1, 1, 64], divisibility = [1, 1, 1073741824], constancy = [4, 8, 1], non-negative}}
  %e = tt.reshape %b : tensor<32x64xi32> -> tensor<4x8x64xi32>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [32], non-negative}}
  %f = tt.reshape %c : tensor<64x32xi32> -> tensor<2048xi32>
  // expected-remark @below {{result 0: contiguity = [1, 1], divisibility = [1, 1], constancy = [1, 1], non-negative}}
  %g = tt.reshape %r allow_reorder : tensor<64xi32> -> tensor<8x8xi32>
  // expected-remark @below {{result 0: contiguity = [64, 1], divisibility = [1073741824, 1], constancy = [1, 1], non-negative}}
  %h = tt.join %r, %r : tensor<64xi32> -> tensor<64x2xi32>
  // expected-remark @below {{result 0: contiguity = [64], divisibility = [1073741824], constancy = [1], non-negative}}
  // expected-remark @below {{result 1: contiguity = [64], divisibility = [1073741824], constancy = [1], non-negative}}
  %i, %j = tt.split %h : tensor<64x2xi32> -> tensor<64xi32>
  tt.return
}

tt.func public @hints(%p: tensor<128x!tt.ptr<i32>>) {
  // expected-remark @below {{result 0: contiguity = [8], divisibility = [16], constancy = [1]}}
  %v = tt.load %p {tt.contiguity = dense<8> : tensor<1xi32>, tt.divisibility = dense<16> : tensor<1xi32>} : tensor<128x!tt.ptr<i32>>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [4]}}
  %w = tt.load %p {tt.constancy = dense<4> : tensor<1xi32>} : tensor<128x!tt.ptr<i32>>
  tt.return
}

// Equal addresses hold equal values.
tt.func public @gathers(%p: !tt.ptr<i32>) {
  %c4 = arith.constant dense<4> : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [128], divisibility = [1073741824], constancy = [1], non-negative}}
  %r = tt.make_range {start = 0 : i32, end = 128 : i32} : tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [4], non-negative}}
  %i = arith.divsi %r, %c4 : tensor<128xi32>
  %pp = tt.splat %p : !tt.ptr<i32> -> tensor<128x!tt.ptr<i32>>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [4]}}
  %q = tt.addptr %pp, %i : tensor<128x!tt.ptr<i32>>, tensor<128xi32>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [4]}}
  %v = tt.load %q : tensor<128x!tt.ptr<i32>>
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [1]}}
  %w = tt.load %q {isVolatile = true} : tensor<128x!tt.ptr<i32>>
  tt.return
}

