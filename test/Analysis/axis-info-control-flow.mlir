// RUN: tle-opt %s -test-print-axis-info -verify-diagnostics=only-expected -o /dev/null

// A loop starts at its lower bound and moves in steps.
tt.func public @induction_variable(%n: i32, %m: i32 {tt.divisibility = 16 : i32}) {
  %c0 = arith.constant 0 : i32
  %c24 = arith.constant 24 : i32
  // expected-remark @below {{region 0 block 0 argument 0: contiguity = [1], divisibility = [8], constancy = [1], non-negative}}
  scf.for %i = %c0 to %n step %c24 : i32 {
    scf.yield
  }
  // expected-remark @below {{region 0 block 0 argument 0: contiguity = [1], divisibility = [8], constancy = [1]}}
  scf.for %i = %m to %n step %c24 : i32 {
    scf.yield
  }
  tt.return
}

// What the loop carries is what it starts with and what it yields.
tt.func public @carried(%p: !tt.ptr<f16> {tt.divisibility = 32 : i32}, %n: i32, %step: i32 {tt.divisibility = 8 : i32}) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  // expected-remark @below {{result 0: contiguity = [64], divisibility = [1073741824], constancy = [1], non-negative}}
  %r = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32>
  %pp = tt.splat %p : !tt.ptr<f16> -> tensor<64x!tt.ptr<f16>>
  // expected-remark @below {{result 0: contiguity = [64], divisibility = [32], constancy = [1]}}
  %q = tt.addptr %pp, %r : tensor<64x!tt.ptr<f16>>, tensor<64xi32>
  %s = tt.splat %step : i32 -> tensor<64xi32>
  %zero = arith.constant dense<0> : tensor<64xi32>
  // expected-remark @below {{result 0: contiguity = [64], divisibility = [16], constancy = [1]}}
  // expected-remark @below {{result 1: contiguity = [1], divisibility = [1], constancy = [1]}}
  // expected-remark @below {{result 2: contiguity = [1], divisibility = [1073741824], constancy = [64], constant_value = 0, non-negative}}
  // expected-remark @below {{region 0 block 0 argument 0: contiguity = [1], divisibility = [1], constancy = [1], non-negative}}
  // expected-remark @below {{region 0 block 0 argument 1: contiguity = [64], divisibility = [16], constancy = [1]}}
  // expected-remark @below {{region 0 block 0 argument 2: contiguity = [1], divisibility = [1], constancy = [1]}}
  // expected-remark @below {{region 0 block 0 argument 3: contiguity = [1], divisibility = [1073741824], constancy = [64], constant_value = 0, non-negative}}
  %last:3 = scf.for %i = %c0 to %n step %c1 iter_args(%x = %q, %y = %r, %z = %zero)
      -> (tensor<64x!tt.ptr<f16>>, tensor<64xi32>, tensor<64xi32>) : i32 {
    // expected-remark @below {{result 0: contiguity = [64], divisibility = [16], constancy = [1]}}
    %a = tt.addptr %x, %s : tensor<64x!tt.ptr<f16>>, tensor<64xi32>
    // expected-remark @below {{result 0: contiguity = [1], divisibility = [8], constancy = [1]}}
    %b = arith.muli %y, %s : tensor<64xi32>
    scf.yield %a, %b, %zero : tensor<64x!tt.ptr<f16>>, tensor<64xi32>, tensor<64xi32>
  }
  tt.return
}

// A value that halves every time has no limit but one; the analysis ends there.
tt.func public @descent(%n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %c2 = arith.constant 2 : i32
  %big = arith.constant 1073741824 : i32
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [1], non-negative}}
  // expected-remark @below {{region 0 block 0 argument 0: contiguity = [1], divisibility = [1], constancy = [1], non-negative}}
  // expected-remark @below {{region 0 block 0 argument 1: contiguity = [1], divisibility = [1], constancy = [1], non-negative}}
  %last = scf.for %i = %c0 to %n step %c1 iter_args(%x = %big) -> (i32) : i32 {
    // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [1], non-negative}}
    %y = arith.divsi %x, %c2 : i32
    scf.yield %y : i32
  }
  tt.return
}

// A promise for what the loop carries is written on the loop.
tt.func public @promised(%n: i32, %offsets: tensor<64xi32>) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [1]}}
  // expected-remark @below {{region 0 block 0 argument 0: contiguity = [1], divisibility = [1], constancy = [1], non-negative}}
  // expected-remark @below {{region 0 block 0 argument 1: contiguity = [8], divisibility = [8], constancy = [1]}}
  %last = scf.for %i = %c0 to %n step %c1 iter_args(%x = %offsets) -> (tensor<64xi32>) : i32 {
    // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [1]}}
    %y = arith.addi %x, %x : tensor<64xi32>
    scf.yield %y : tensor<64xi32>
  } {tt.contiguity_arg1 = dense<8> : tensor<1xi32>, tt.divisibility_arg1 = dense<8> : tensor<1xi32>}
  tt.return
}

tt.func public @branches(%flag: i1, %m: i32 {tt.divisibility = 4 : i32}) {
  // expected-remark @below {{result 0: contiguity = [64], divisibility = [1073741824], constancy = [1], non-negative}}
  %r = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32>
  // expected-remark @below {{result 0: contiguity = [64], divisibility = [8], constancy = [1], non-negative}}
  %s = tt.make_range {start = 8 : i32, end = 72 : i32} : tensor<64xi32>
  %true = arith.constant true
  // expected-remark @below {{result 0: contiguity = [64], divisibility = [8], constancy = [1], non-negative}}
  %a = scf.if %flag -> tensor<64xi32> {
    scf.yield %r : tensor<64xi32>
  } else {
    scf.yield %s : tensor<64xi32>
  }
  // What is never taken does not count.
  // expected-remark @below {{result 0: contiguity = [64], divisibility = [1073741824], constancy = [1], non-negative}}
  %b = scf.if %true -> tensor<64xi32> {
    scf.yield %r : tensor<64xi32>
  } else {
    scf.yield %s : tensor<64xi32>
  }
  tt.return
}

tt.func public @while_loop(%n: i32, %m: i32 {tt.divisibility = 4 : i32}) {
  %c16 = arith.constant 16 : i32
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [4], constancy = [1]}}
  // expected-remark @below {{region 0 block 0 argument 0: contiguity = [1], divisibility = [4], constancy = [1]}}
  // expected-remark @below {{region 1 block 0 argument 0: contiguity = [1], divisibility = [4], constancy = [1]}}
  %last = scf.while (%x = %c16) : (i32) -> i32 {
    // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [1]}}
    %go = arith.cmpi slt, %x, %n : i32
    scf.condition(%go) %x : i32
  } do {
  ^bb0(%y: i32):
    // expected-remark @below {{result 0: contiguity = [1], divisibility = [4], constancy = [1]}}
    %next = arith.addi %y, %m : i32
    scf.yield %next : i32
  }
  tt.return
}

tt.func public @blocks(%flag: i1, %p: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %q: !tt.ptr<f32> {tt.divisibility = 8 : i32}) {
  cf.cond_br %flag, ^one(%p : !tt.ptr<f32>), ^one(%q : !tt.ptr<f32>)
^one(%x: !tt.ptr<f32>):
  cf.br ^two(%p, %x : !tt.ptr<f32>, !tt.ptr<f32>)
^two(%a: !tt.ptr<f32>, %b: !tt.ptr<f32>):
  tt.return
}

// A private function is what all of its calls make of it.
// expected-remark @below {{region 0 block 0 argument 0: contiguity = [1], divisibility = [4], constancy = [1]}}
// expected-remark @below {{region 0 block 0 argument 1: contiguity = [1], divisibility = [16], constancy = [1]}}
tt.func private @callee(%x: i32, %p: !tt.ptr<f32> {tt.divisibility = 16 : i32}) -> i32 {
  %c2 = arith.constant 2 : i32
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [8], constancy = [1]}}
  %y = arith.muli %x, %c2 : i32
  tt.return %y : i32
}

tt.func public @caller(%m: i32 {tt.divisibility = 16 : i32}, %p: !tt.ptr<f32>) {
  %c4 = arith.constant 4 : i32
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [8], constancy = [1]}}
  %a = tt.call @callee(%m, %p) : (i32, !tt.ptr<f32>) -> i32
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [8], constancy = [1]}}
  %b = tt.call @callee(%c4, %p) : (i32, !tt.ptr<f32>) -> i32
  tt.return
}

tt.func private @declared(i32) -> i32

tt.func public @outside(%m: i32 {tt.divisibility = 16 : i32}) {
  // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [1]}}
  %a = tt.call @declared(%m) : (i32) -> i32
  tt.return
}
