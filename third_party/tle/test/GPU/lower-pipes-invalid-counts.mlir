// RUN: tle-opt %s -split-input-file -verify-diagnostics -triton-tle-lower-pipes

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @acquired_after_close(%n: i32) {
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
      // expected-note @+1 {{closed here}}
      tle.pipe_acquire %b[%m] {tle.close = 0 : i32} : !bars
      %more = arith.addi %m, %c1 : i32
      tle.pipe_acquire %b[%more] {tle.close = 1 : i32} : !bars
      // expected-error @+1 {{pipe 'tiles' is acquired after it has been closed}}
      tle.pipe_acquire %b[%m] : !bars
      tle.pipe_commit %b[%m] : !bars
      ttg.warp_return
    } : (!bars, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @closed_twice(%n: i32) {
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
      // expected-note @+1 {{closed here}}
      tle.pipe_acquire %b[%m] {tle.close = 0 : i32} : !bars
      tle.pipe_acquire %b[%more] {tle.close = 1 : i32} : !bars
      // expected-error @+1 {{pipe 'tiles' is closed after it has been closed}}
      tle.pipe_acquire %b[%m] {tle.close = 0 : i32} : !bars
      tle.pipe_acquire %b[%more] {tle.close = 1 : i32} : !bars
      ttg.warp_return
    } : (!bars, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @closed_in_the_loop(%n: i32) {
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
        %u = arith.addi %t, %c1 : i32
        // expected-error @+1 {{pipe 'tiles' is acquired after it has been closed}}
        tle.pipe_acquire %b[%t] : !bars
        tle.pipe_commit %b[%t] : !bars
        // expected-note @+1 {{closed here}}
        tle.pipe_acquire %b[%u] {tle.close = 0 : i32} : !bars
      }
      ttg.warp_return
    } : (!bars, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @closed_with_another_number(%n: i32) {
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
      %c3 = arith.constant 3 : i32
      %more = arith.addi %m, %c3 : i32
      // expected-error @+1 {{pipe 'tiles' is closed with a number of tiles that is 3 behind the number of those committed}}
      tle.pipe_acquire %b[%more] {tle.close = 0 : i32} : !bars
      ttg.warp_return
    } : (!bars, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @downwards(%n: i32) {
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars {name = "tiles", oneShot = false, readers = ["r"]} : !bars
    ttg.warp_specialize(%bars, %n)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      scf.for %t = %c0 to %n step %c1 : i32 {
        %u = arith.subi %n, %t : i32
        // expected-error @+1 {{pipe 'tiles' comes to tiles in descending order, but they are counted upwards from 0}}
        tle.pipe_wait %bars[%u] {reader = "r"} : !bars
        tle.pipe_release %bars[%u] {reader = "r"} : !bars
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
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @counted_from_one(%n: i32) {
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
        %u = arith.addi %t, %c1 : i32
        // expected-error @+1 {{pipe 'tiles': its writer begins with tile 1, but tiles are counted from 0 on}}
        tle.pipe_acquire %b[%u] : !bars
        tle.pipe_commit %b[%u] : !bars
      }
      ttg.warp_return
    } : (!bars, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @waits_for_more(%n: i32) {
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars {name = "tiles", oneShot = false, readers = ["r"]} : !bars
    ttg.warp_specialize(%bars, %n)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %more = arith.addi %n, %c1 : i32
      scf.for %t = %c0 to %more step %c1 : i32 {
        // expected-error @+1 {{pipe 'tiles': its reader 'r' waits for 1 more tiles than are committed: it would wait for ever}}
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
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @acquires_more(%n: i32) {
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
      %c3 = arith.constant 3 : i32
      %more = arith.addi %m, %c3 : i32
      scf.for %t = %c0 to %more step %c1 : i32 {
        // expected-error @+1 {{pipe 'tiles': its writer acquires 3 more tiles than its reader 'r' releases, of 2 slots: it would wait for ever}}
        tle.pipe_acquire %b[%t] : !bars
        tle.pipe_commit %b[%t] : !bars
      }
      ttg.warp_return
    } : (!bars, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @two_pipes(%n: i32) {
    %b0 = ttg.local_alloc : () -> !bars
    tle.pipe_create %b0 {name = "p0", oneShot = false, readers = ["r"]} : !bars
    %b1 = ttg.local_alloc : () -> !bars
    tle.pipe_create %b1 {name = "p1", oneShot = false, readers = ["r"]} : !bars
    ttg.warp_specialize(%b0, %b1, %n)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      scf.for %t = %c0 to %n step %c1 : i32 {
        // expected-error @+1 {{pipe 'p0' is committed to only behind this wait for pipe 'p1', which waits for it in turn: they would wait for ever}}
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
        // expected-note @+1 {{pipe 'p1' is committed to only behind this wait for pipe 'p0'}}
        tle.pipe_wait %a0[%t] {reader = "r"} : !bars
        tle.pipe_acquire %a1[%t] : !bars
        tle.pipe_commit %a1[%t] : !bars
        tle.pipe_release %a0[%t] {reader = "r"} : !bars
      }
      ttg.warp_return
    } : (!bars, !bars, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @three_pipes(%n: i32) {
    %b0 = ttg.local_alloc : () -> !bars
    tle.pipe_create %b0 {name = "p0", oneShot = false, readers = ["r"]} : !bars
    %b1 = ttg.local_alloc : () -> !bars
    tle.pipe_create %b1 {name = "p1", oneShot = false, readers = ["r"]} : !bars
    %b2 = ttg.local_alloc : () -> !bars
    tle.pipe_create %b2 {name = "p2", oneShot = false, readers = ["r"]} : !bars
    ttg.warp_specialize(%b0, %b1, %b2, %n)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      scf.for %t = %c0 to %n step %c1 : i32 {
        // expected-error @+1 {{pipe 'p0' is committed to only behind this wait for pipe 'p1', which waits for it in turn: they would wait for ever}}
        tle.pipe_wait %b1[%t] {reader = "r"} : !bars
        tle.pipe_acquire %b0[%t] : !bars
        tle.pipe_commit %b0[%t] : !bars
        tle.pipe_release %b1[%t] {reader = "r"} : !bars
      }
      ttg.warp_yield
    }
    partition0(%a0: !bars, %a1: !bars, %a2: !bars, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      scf.for %t = %c0 to %m step %c1 : i32 {
        // expected-note @+1 {{pipe 'p1' is committed to only behind this wait for pipe 'p2'}}
        tle.pipe_wait %a2[%t] {reader = "r"} : !bars
        tle.pipe_acquire %a1[%t] : !bars
        tle.pipe_commit %a1[%t] : !bars
        tle.pipe_release %a2[%t] {reader = "r"} : !bars
      }
      ttg.warp_return
    }
    partition1(%a0: !bars, %a1: !bars, %a2: !bars, %m: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      scf.for %t = %c0 to %m step %c1 : i32 {
        // expected-note @+1 {{pipe 'p2' is committed to only behind this wait for pipe 'p0'}}
        tle.pipe_wait %a0[%t] {reader = "r"} : !bars
        tle.pipe_acquire %a2[%t] : !bars
        tle.pipe_commit %a2[%t] : !bars
        tle.pipe_release %a0[%t] {reader = "r"} : !bars
      }
      ttg.warp_return
    } : (!bars, !bars, !bars, i32) -> ()
    tt.return
  }
}
