// RUN: tle-opt %s -split-input-file -triton-tle-lower-pipes | FileCheck %s
//
// Orders of steps that are right, beside those of lower-pipes-invalid-order.mlir.

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
// CHECK-LABEL: @released_one_later
// CHECK: ttng.init_barrier
// CHECK-NOT: tle.pipe_
  tt.func public @released_one_later(%n: i32) {
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars {name = "tiles", oneShot = false, readers = ["r"]} : !bars
    ttg.warp_specialize(%bars, %n)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      scf.for %t = %c0 to %n step %c1 : i32 {
        tle.pipe_wait %bars[%t] {reader = "r"} : !bars
        %before = arith.subi %t, %c1 : i32
        %behind = arith.cmpi sgt, %t, %c0 : i32
        scf.if %behind {
          tle.pipe_release %bars[%before] {reader = "r"} : !bars
        }
      }
      %last = arith.subi %n, %c1 : i32
      tle.pipe_release %bars[%last] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      scf.for %t = %c0 to %m step %c1 : i32 {
        tle.pipe_acquire %b[%t] : !bars
        tle.pipe_commit %b[%t] : !bars
      }
      ttg.warp_return
    } : (!bars, i32) -> ()
    // CHECK: tt.return
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
// CHECK-LABEL: @closed
// CHECK: ttng.init_barrier
// CHECK-NOT: tle.pipe_
  tt.func public @closed(%n: i32) {
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars {name = "tiles", oneShot = false, readers = ["r"]} : !bars
    ttg.warp_specialize(%bars, %n)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      scf.for %t = %c0 to %n step %c1 : i32 {
        tle.pipe_wait %bars[%t] {reader = "r"} : !bars
        tle.pipe_release %bars[%t] {reader = "r"} : !bars
      }
      ttg.warp_yield
    }
    partition0(%b: !bars, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      scf.for %t = %c0 to %m step %c1 : i32 {
        tle.pipe_acquire %b[%t] : !bars
        tle.pipe_commit %b[%t] : !bars
      }
      %more = arith.addi %m, %c1 : i32
      tle.pipe_acquire %b[%m] {tle.close = 0 : i32} : !bars
      tle.pipe_acquire %b[%more] {tle.close = 1 : i32} : !bars
      ttg.warp_return
    } : (!bars, i32) -> ()
    // CHECK: tt.return
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
// CHECK-LABEL: @counted_on
// CHECK: ttng.init_barrier
// CHECK-NOT: tle.pipe_
  tt.func public @counted_on(%n: i32) {
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars {name = "tiles", oneShot = false, readers = ["r"]} : !bars
    ttg.warp_specialize(%bars, %n)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %twice = arith.addi %n, %n : i32
      scf.for %t = %c0 to %twice step %c1 : i32 {
        tle.pipe_wait %bars[%t] {reader = "r"} : !bars
        tle.pipe_release %bars[%t] {reader = "r"} : !bars
      }
      ttg.warp_yield
    }
    partition0(%b: !bars, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      scf.for %t = %c0 to %m step %c1 : i32 {
        tle.pipe_acquire %b[%t] : !bars
        tle.pipe_commit %b[%t] : !bars
      }
      scf.for %s = %c0 to %m step %c1 : i32 {
        %u = arith.addi %m, %s : i32
        tle.pipe_acquire %b[%u] : !bars
        tle.pipe_commit %b[%u] : !bars
      }
      ttg.warp_return
    } : (!bars, i32) -> ()
    // CHECK: tt.return
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
// CHECK-LABEL: @once_in_a_loop
// CHECK: ttng.init_barrier
// CHECK-NOT: tle.pipe_
  tt.func public @once_in_a_loop(%n: i32) {
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars {name = "tiles", oneShot = false, readers = ["r"]} : !bars
    ttg.warp_specialize(%bars, %n)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      scf.for %t = %c0 to %c1 step %c1 : i32 {
        tle.pipe_wait %bars[%c0] {reader = "r"} : !bars
        tle.pipe_release %bars[%c0] {reader = "r"} : !bars
      }
      ttg.warp_yield
    }
    partition0(%b: !bars, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      scf.for %t = %c0 to %c1 step %c1 : i32 {
        tle.pipe_acquire %b[%c0] : !bars
        tle.pipe_commit %b[%c0] : !bars
      }
      ttg.warp_return
    } : (!bars, i32) -> ()
    // CHECK: tt.return
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
// CHECK-LABEL: @waited_for_again
// CHECK: ttng.init_barrier
// CHECK-NOT: tle.pipe_
  tt.func public @waited_for_again(%n: i32) {
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars {name = "tiles", oneShot = false, readers = ["r"]} : !bars
    ttg.warp_specialize(%bars, %n)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      scf.for %t = %c0 to %n step %c1 : i32 {
        tle.pipe_wait %bars[%t] {reader = "r"} : !bars
        tle.pipe_wait %bars[%t] {reader = "r"} : !bars
        tle.pipe_release %bars[%t] {reader = "r"} : !bars
      }
      ttg.warp_yield
    }
    partition0(%b: !bars, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      scf.for %t = %c0 to %m step %c1 : i32 {
        tle.pipe_acquire %b[%t] : !bars
        tle.pipe_commit %b[%t] : !bars
      }
      ttg.warp_return
    } : (!bars, i32) -> ()
    // CHECK: tt.return
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
// CHECK-LABEL: @waited_for_ahead
// CHECK: ttng.init_barrier
// CHECK-NOT: tle.pipe_
  tt.func public @waited_for_ahead(%n: i32) {
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars {name = "tiles", oneShot = false, readers = ["r"]} : !bars
    ttg.warp_specialize(%bars, %n)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      tle.pipe_wait %bars[%c0] {reader = "r"} : !bars
      %less = arith.subi %n, %c1 : i32
      scf.for %t = %c0 to %less step %c1 : i32 {
        %u = arith.addi %t, %c1 : i32
        tle.pipe_wait %bars[%u] {reader = "r"} : !bars
        tle.pipe_release %bars[%t] {reader = "r"} : !bars
      }
      tle.pipe_release %bars[%less] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      scf.for %t = %c0 to %m step %c1 : i32 {
        tle.pipe_acquire %b[%t] : !bars
        tle.pipe_commit %b[%t] : !bars
      }
      ttg.warp_return
    } : (!bars, i32) -> ()
    // CHECK: tt.return
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
// CHECK-LABEL: @any_order_once
// CHECK: ttng.init_barrier
// CHECK-NOT: tle.pipe_
  tt.func public @any_order_once(%n: i32) {
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars {name = "tiles", oneShot = true, readers = ["r"]} : !bars
    ttg.warp_specialize(%bars, %n)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %last = arith.subi %n, %c1 : i32
      scf.for %t = %c0 to %n step %c1 : i32 {
        %u = arith.subi %last, %t : i32
        tle.pipe_wait %bars[%u] {reader = "r"} : !bars
      }
      ttg.warp_yield
    }
    partition0(%b: !bars, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      scf.for %t = %c0 to %m step %c1 : i32 {
        tle.pipe_acquire %b[%t] : !bars
        tle.pipe_commit %b[%t] : !bars
      }
      ttg.warp_return
    } : (!bars, i32) -> ()
    // CHECK: tt.return
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
// CHECK-LABEL: @as_many_as_slots
// CHECK: ttng.init_barrier
// CHECK-NOT: tle.pipe_
  tt.func public @as_many_as_slots(%n: i32) {
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars {name = "tiles", oneShot = false, readers = ["r"]} : !bars
    ttg.warp_specialize(%bars, %n)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      scf.for %t = %c0 to %n step %c1 : i32 {
        tle.pipe_wait %bars[%t] {reader = "r"} : !bars
        tle.pipe_release %bars[%t] {reader = "r"} : !bars
      }
      ttg.warp_yield
    }
    partition0(%b: !bars, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %more = arith.addi %m, %c2 : i32
      scf.for %t = %c0 to %more step %c1 : i32 {
        tle.pipe_acquire %b[%t] : !bars
        tle.pipe_commit %b[%t] : !bars
      }
      ttg.warp_return
    } : (!bars, i32) -> ()
    // CHECK: tt.return
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
// CHECK-LABEL: @primed
// CHECK: ttng.init_barrier
// CHECK-NOT: tle.pipe_
  tt.func public @primed(%n: i32) {
    %b0 = ttg.local_alloc : () -> !bars
    tle.pipe_create %b0 {name = "p0", oneShot = false, readers = ["r"]} : !bars
    %b1 = ttg.local_alloc : () -> !bars
    tle.pipe_create %b1 {name = "p1", oneShot = false, readers = ["r"]} : !bars
    ttg.warp_specialize(%b0, %b1, %n)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      scf.for %t = %c0 to %n step %c1 : i32 {
        tle.pipe_wait %b1[%t] {reader = "r"} : !bars
        tle.pipe_acquire %b0[%t] : !bars
        tle.pipe_commit %b0[%t] : !bars
        tle.pipe_release %b1[%t] {reader = "r"} : !bars
      }
      ttg.warp_yield
    }
    partition0(%a0: !bars, %a1: !bars, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      scf.for %t = %c0 to %m step %c1 : i32 {
        tle.pipe_acquire %a1[%t] : !bars
        tle.pipe_commit %a1[%t] : !bars
        tle.pipe_wait %a0[%t] {reader = "r"} : !bars
        tle.pipe_release %a0[%t] {reader = "r"} : !bars
      }
      ttg.warp_return
    } : (!bars, !bars, i32) -> ()
    // CHECK: tt.return
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<8x1xi64, #bar, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
// CHECK-LABEL: @waited_for_again_downwards
// CHECK: ttng.init_barrier
// CHECK-NOT: tle.pipe_
  tt.func public @waited_for_again_downwards(%n: i32) {
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars {name = "tiles", oneShot = false, readers = ["r"]} : !bars
    ttg.warp_specialize(%bars, %n)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c3 = arith.constant 3 : i32
      %c4 = arith.constant 4 : i32
      scf.for %t = %c0 to %c4 step %c1 : i32 {
        tle.pipe_wait %bars[%t] {reader = "r"} : !bars
      }
      scf.for %t = %c0 to %c4 step %c1 : i32 {
        %u = arith.subi %c3, %t : i32
        tle.pipe_wait %bars[%u] {reader = "r"} : !bars
        tle.pipe_release %bars[%u] {reader = "r"} : !bars
      }
      ttg.warp_yield
    }
    partition0(%b: !bars, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c4 = arith.constant 4 : i32
      scf.for %t = %c0 to %c4 step %c1 : i32 {
        tle.pipe_acquire %b[%t] : !bars
        tle.pipe_commit %b[%t] : !bars
      }
      ttg.warp_return
    } : (!bars, i32) -> ()
    // CHECK: tt.return
    tt.return
  }

// CHECK-LABEL: @closed_in_a_loop_of_one_iteration
// CHECK: ttng.init_barrier
// CHECK-NOT: tle.pipe_
  tt.func public @closed_in_a_loop_of_one_iteration(%n: i32) {
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars {name = "tiles", oneShot = false, readers = ["r"]} : !bars
    ttg.warp_specialize(%bars, %n)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      scf.for %t = %c0 to %n step %c1 : i32 {
        tle.pipe_wait %bars[%t] {reader = "r"} : !bars
        tle.pipe_release %bars[%t] {reader = "r"} : !bars
      }
      ttg.warp_yield
    }
    partition0(%b: !bars, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      scf.for %k = %c0 to %c1 step %c1 : i32 {
        scf.for %t = %c0 to %m step %c1 : i32 {
          tle.pipe_acquire %b[%t] : !bars
          tle.pipe_commit %b[%t] : !bars
        }
        tle.pipe_acquire %b[%m] {tle.close = 0 : i32} : !bars
      }
      ttg.warp_return
    } : (!bars, i32) -> ()
    // CHECK: tt.return
    tt.return
  }

// CHECK-LABEL: @loops_for_branches
// CHECK: ttng.init_barrier
// CHECK-NOT: tle.pipe_
  tt.func public @loops_for_branches(%n: i32) {
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars {name = "tiles", oneShot = false, readers = ["r"]} : !bars
    ttg.warp_specialize(%bars, %n)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %any = arith.cmpi sgt, %n, %c0 : i32
      %h = arith.extui %any : i1 to i32
      scf.for %t = %c0 to %h step %c1 : i32 {
        tle.pipe_wait %bars[%c0] {reader = "r"} : !bars
        tle.pipe_release %bars[%c0] {reader = "r"} : !bars
      }
      ttg.warp_yield
    }
    partition0(%b: !bars, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %h = arith.minsi %m, %c1 : i32
      scf.for %t = %c0 to %h step %c1 : i32 {
        tle.pipe_acquire %b[%c0] : !bars
        tle.pipe_commit %b[%c0] : !bars
      }
      ttg.warp_return
    } : (!bars, i32) -> ()
    // CHECK: tt.return
    tt.return
  }

// CHECK-LABEL: @loops_without_iterations
// CHECK: ttng.init_barrier
// CHECK-NOT: tle.pipe_
  tt.func public @loops_without_iterations(%n: i32) {
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars {name = "tiles", oneShot = false, readers = ["r"]} : !bars
    ttg.warp_specialize(%bars, %n)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c4 = arith.constant 4 : i32
      scf.for %t = %c0 to %n step %c1 : i32 {
        tle.pipe_wait %bars[%t] {reader = "r"} : !bars
        tle.pipe_release %bars[%t] {reader = "r"} : !bars
      }
      %less = arith.constant -5 : i32
      %n4 = arith.addi %n, %c4 : i32
      %n1 = arith.addi %n, %c1 : i32
      scf.for %t = %n4 to %n1 step %c1 : i32 {
        tle.pipe_wait %bars[%t] {reader = "r"} : !bars
        tle.pipe_release %bars[%t] {reader = "r"} : !bars
      }
      ttg.warp_yield
    }
    partition0(%b: !bars, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %less = arith.constant -5 : i32
      scf.for %t = %c1 to %less step %c1 : i32 {
        tle.pipe_acquire %b[%t] : !bars
        tle.pipe_commit %b[%t] : !bars
      }
      scf.for %t = %c0 to %m step %c1 : i32 {
        tle.pipe_acquire %b[%t] : !bars
        tle.pipe_commit %b[%t] : !bars
      }
      scf.for %t = %m to %m step %c1 : i32 {
        tle.pipe_acquire %b[%t] : !bars
        tle.pipe_commit %b[%t] : !bars
      }
      scf.for %t = %m to %m step %c1 : i32 {
        tle.pipe_acquire %b[%t] : !bars
        tle.pipe_commit %b[%t] : !bars
      }
      ttg.warp_return
    } : (!bars, i32) -> ()
    // CHECK: tt.return
    tt.return
  }

// CHECK-LABEL: @carried_upwards
// CHECK: ttng.init_barrier
// CHECK-NOT: tle.pipe_
  tt.func public @carried_upwards(%n: i32) {
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars {name = "tiles", oneShot = false, readers = ["r"]} : !bars
    ttg.warp_specialize(%bars, %n)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %end = scf.for %t = %c0 to %n step %c1 iter_args(%a = %c0) -> (i32) : i32 {
        %u = arith.subi %a, %t : i32
        tle.pipe_wait %bars[%u] {reader = "r"} : !bars
        tle.pipe_release %bars[%u] {reader = "r"} : !bars
        %next = arith.addi %a, %c2 : i32
        scf.yield %next : i32
      }
      ttg.warp_yield
    }
    partition0(%b: !bars, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      scf.for %t = %c0 to %m step %c1 : i32 {
        tle.pipe_acquire %b[%t] : !bars
        tle.pipe_commit %b[%t] : !bars
      }
      ttg.warp_return
    } : (!bars, i32) -> ()
    // CHECK: tt.return
    tt.return
  }

// CHECK-LABEL: @odd_or_even
// CHECK: ttng.init_barrier
// CHECK-NOT: tle.pipe_
  tt.func public @odd_or_even(%n: i32) {
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars {name = "tiles", oneShot = false, readers = ["r"]} : !bars
    ttg.warp_specialize(%bars, %n)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c4 = arith.constant 4 : i32
      scf.for %t = %c0 to %c4 step %c1 : i32 {
        %odd = arith.trunci %t : i32 to i1
        %less = arith.extsi %odd : i1 to i32
        %u = arith.subi %c0, %less : i32
        tle.pipe_wait %bars[%u] {reader = "r"} : !bars
      }
      tle.pipe_release %bars[%c0] {reader = "r"} : !bars
      tle.pipe_release %bars[%c1] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      scf.for %t = %c0 to %c2 step %c1 : i32 {
        tle.pipe_acquire %b[%t] : !bars
        tle.pipe_commit %b[%t] : !bars
      }
      ttg.warp_return
    } : (!bars, i32) -> ()
    // CHECK: tt.return
    tt.return
  }

// CHECK-LABEL: @beyond_64_bits
// CHECK: ttng.init_barrier
// CHECK-NOT: tle.pipe_
  tt.func public @beyond_64_bits(%n: i32) {
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars {name = "tiles", oneShot = false, readers = ["r"]} : !bars
    ttg.warp_specialize(%bars, %n)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %low = arith.constant -2147483648 : i32
      scf.for %t = %c0 to %n step %c1 : i32 {
        %p = arith.muli %t, %low : i32
        %q = arith.muli %p, %low : i32
        %u = arith.addi %q, %q : i32
        tle.pipe_wait %bars[%u] {reader = "r"} : !bars
      }
      tle.pipe_release %bars[%c0] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      scf.for %t = %c0 to %c1 step %c1 : i32 {
        tle.pipe_acquire %b[%t] : !bars
        tle.pipe_commit %b[%t] : !bars
      }
      ttg.warp_return
    } : (!bars, i32) -> ()
    // CHECK: tt.return
    tt.return
  }
}
