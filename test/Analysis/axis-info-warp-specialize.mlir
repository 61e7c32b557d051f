// RUN: tle-opt %s -test-print-axis-info -verify-diagnostics=only-expected -o /dev/null

module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  // A partition sees what is captured.
  tt.func public @captures(%p: !tt.ptr<f16> {tt.divisibility = 16 : i32}, %m: i32 {tt.divisibility = 8 : i32}) {
    // expected-remark @below {{region 0 block 0 argument 0: contiguity = [1], divisibility = [16], constancy = [1]}}
    // expected-remark @below {{region 0 block 0 argument 1: contiguity = [1], divisibility = [8], constancy = [1]}}
    ttg.warp_specialize(%p, %m)
    default {
      // expected-remark @below {{result 0: contiguity = [1], divisibility = [8], constancy = [1]}}
      %a = arith.addi %m, %m : i32
      ttg.warp_yield
    }
    partition0(%q: !tt.ptr<f16>, %n: i32) num_warps(4) {
      // expected-remark @below {{result 0: contiguity = [1], divisibility = [16], constancy = [1]}}
      %b = tt.addptr %q, %n : !tt.ptr<f16>, i32
      ttg.warp_return
    } : (!tt.ptr<f16>, i32) -> ()
    tt.return
  }

  // A function that a partition calls takes any arguments.
  // expected-remark @below {{region 0 block 0 argument 0: contiguity = [1], divisibility = [1], constancy = [1]}}
  tt.func private @called(%x: i32) -> i32 attributes {noinline = true} {
    // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [1]}}
    %c = arith.addi %x, %x : i32
    tt.return %c : i32
  }
  tt.func public @calls(%m: i32 {tt.divisibility = 8 : i32}) {
    // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [1]}}
    %d = tt.call @called(%m) : (i32) -> i32
    ttg.warp_specialize()
    default {
      ttg.warp_yield
    }
    partition0() num_warps(4) {
      %one = arith.constant 1 : i32
      // expected-remark @below {{result 0: contiguity = [1], divisibility = [1], constancy = [1]}}
      %e = tt.call @called(%one) : (i32) -> i32
      ttg.warp_return
    } : () -> ()
    tt.return
  }
}
