// RUN: tle-opt %s -split-input-file -verify-diagnostics -triton-tle-lower-pipes

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @acquired_twice(%n: i32) {
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
        // expected-note @+1 {{acquired here}}
        tle.pipe_acquire %b[%t] : !bars
        %odd = arith.cmpi eq, %t, %c1 : i32
        scf.if %odd {
          tle.pipe_commit %b[%t] : !bars
        }
        // expected-error @+1 {{pipe 'tiles': a tile is acquired that has been acquired}}
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
  tt.func public @acquired_after_its_commit(%n: i32) {
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
        %first = arith.cmpi eq, %t, %c0 : i32
        scf.if %first {
          tle.pipe_acquire %b[%t] : !bars
        }
        // expected-note @+1 {{committed here}}
        tle.pipe_commit %b[%t] : !bars
        // expected-error @+1 {{pipe 'tiles': a tile is acquired that has been committed}}
        tle.pipe_acquire %b[%t] : !bars
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
  tt.func public @acquired_before_the_commit(%n: i32) {
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
        // expected-note @+1 {{acquired here}}
        tle.pipe_acquire %b[%t] : !bars
        // expected-error @+1 {{pipe 'tiles': a tile is acquired before the one acquired last has been committed}}
        tle.pipe_acquire %b[%u] : !bars
        tle.pipe_commit %b[%t] : !bars
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
  tt.func public @committed_twice(%n: i32) {
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
        // expected-note @+1 {{committed here}}
        tle.pipe_commit %b[%t] : !bars
        // expected-error @+1 {{pipe 'tiles': a tile is committed that has been committed}}
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
  tt.func public @committed_without_acquire(%n: i32) {
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
        tle.pipe_acquire %b[%t] : !bars
        // expected-note @+1 {{committed here}}
        tle.pipe_commit %b[%t] : !bars
        // expected-error @+1 {{pipe 'tiles' is committed to twice, without an acquire between}}
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
  tt.func public @committed_for_another_tile(%n: i32) {
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
        // expected-note @+1 {{acquired here}}
        tle.pipe_acquire %b[%t] : !bars
        // expected-error @+1 {{pipe 'tiles': the tile that is committed is 1 behind the one that has been acquired}}
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
  tt.func public @released_twice(%n: i32) {
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars {name = "tiles", oneShot = false, readers = ["r"]} : !bars
    ttg.warp_specialize(%bars, %n)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      scf.for %t = %c0 to %n step %c1 : i32 {
        tle.pipe_wait %bars[%t] {reader = "r"} : !bars
        // expected-note @+1 {{released here}}
        tle.pipe_release %bars[%t] {reader = "r"} : !bars
        // expected-error @+1 {{pipe 'tiles': a tile is released that has been released}}
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
  tt.func public @released_in_an_inner_loop(%n: i32) {
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars {name = "tiles", oneShot = false, readers = ["r"]} : !bars
    ttg.warp_specialize(%bars, %n)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      scf.for %t = %c0 to %n step %c1 : i32 {
        tle.pipe_wait %bars[%t] {reader = "r"} : !bars
        // expected-note @+1 {{released here}}
        tle.pipe_release %bars[%t] {reader = "r"} : !bars
        scf.for %s = %c0 to %n step %c1 : i32 {
          // expected-error @+1 {{pipe 'tiles': a tile is released that has been released}}
          tle.pipe_release %bars[%t] {reader = "r"} : !bars
        }
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
  tt.func public @released_first(%n: i32) {
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars {name = "tiles", oneShot = false, readers = ["r"]} : !bars
    ttg.warp_specialize(%bars, %n)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      scf.for %t = %c0 to %n step %c1 : i32 {
        // expected-note @+1 {{released here}}
        tle.pipe_release %bars[%t] {reader = "r"} : !bars
        // expected-error @+1 {{pipe 'tiles': a tile is waited for that has been released}}
        tle.pipe_wait %bars[%t] {reader = "r"} : !bars
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
  tt.func public @released_ahead(%n: i32) {
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars {name = "tiles", oneShot = false, readers = ["r"]} : !bars
    ttg.warp_specialize(%bars, %n)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      scf.for %t = %c0 to %n step %c1 : i32 {
        %u = arith.addi %t, %c1 : i32
        tle.pipe_wait %bars[%t] {reader = "r"} : !bars
        // expected-error @+1 {{pipe 'tiles': its reader 'r' releases a tile 1 behind the last that it has waited for}}
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
  tt.func public @same_tile_each_time(%n: i32) {
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
      // expected-note @+1 {{the loop}}
      scf.for %t = %c0 to %m step %c1 : i32 {
        // expected-error @+1 {{pipe 'tiles': the same tile is acquired in each iteration of a loop, but it can be once only}}
        tle.pipe_acquire %b[%c0] : !bars
        tle.pipe_commit %b[%c0] : !bars
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
  tt.func public @counted_anew(%n: i32) {
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
        // expected-note @+1 {{acquired here}}
        tle.pipe_acquire %b[%t] : !bars
        tle.pipe_commit %b[%t] : !bars
      }
      scf.for %u = %c0 to %m step %c1 : i32 {
        // expected-error @+1 {{pipe 'tiles': a tile is acquired that a loop before has acquired: tiles are counted over all loops}}
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
  tt.func public @released_anew(%n: i32) {
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars {name = "tiles", oneShot = false, readers = ["r"]} : !bars
    ttg.warp_specialize(%bars, %n)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      scf.for %t = %c0 to %n step %c1 : i32 {
        tle.pipe_wait %bars[%t] {reader = "r"} : !bars
        // expected-note @+1 {{released here}}
        tle.pipe_release %bars[%t] {reader = "r"} : !bars
      }
      scf.for %u = %c0 to %n step %c1 : i32 {
        // expected-error @+1 {{pipe 'tiles': a tile is released that a loop before has released: tiles are counted over all loops}}
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
  tt.func public @same_tile_released_each_time(%n: i32) {
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars {name = "tiles", oneShot = false, readers = ["r"]} : !bars
    ttg.warp_specialize(%bars, %n)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      tle.pipe_wait %bars[%c0] {reader = "r"} : !bars
      // expected-note @+1 {{the loop}}
      scf.for %t = %c0 to %n step %c1 : i32 {
        // expected-error @+1 {{pipe 'tiles': the same tile is released in each iteration of a loop, but it can be once only}}
        tle.pipe_release %bars[%c0] {reader = "r"} : !bars
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
  tt.func public @same_tile_calculated_each_time(%n: i32) {
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
      // expected-note @+1 {{the loop}}
      scf.for %t = %c0 to %m step %c1 : i32 {
        %u = arith.divsi %m, %c2 : i32
        // expected-error @+1 {{pipe 'tiles': the same tile is acquired in each iteration of a loop, but it can be once only}}
        tle.pipe_acquire %b[%u] : !bars
        tle.pipe_commit %b[%u] : !bars
      }
      ttg.warp_return
    } : (!bars, i32) -> ()
    tt.return
  }
}
