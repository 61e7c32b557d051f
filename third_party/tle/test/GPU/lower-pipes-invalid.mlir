// RUN: tle-opt %s -split-input-file -verify-diagnostics -triton-tle-lower-pipes

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @commit_without_acquire(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %i)
    default {
      tle.pipe_wait %bars[%i] {reader = "r"} : !bars
      tle.pipe_release %bars[%i] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %j: i32) num_warps(4) {
      // expected-error @+1 {{pipe 'tiles' is committed to without an acquire before it}}
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @release_without_wait(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %i)
    default {
      // expected-error @+1 {{pipe 'tiles' is released without a wait before it}}
      tle.pipe_release %bars[%i] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %j: i32) num_warps(4) {
      tle.pipe_acquire %b[%j] : !bars
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @releases_and_does_not(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %i)
    default {
      tle.pipe_wait %bars[%i] {reader = "r", tle.implied_release} : !bars
      // expected-error @+1 {{pipe 'tiles' is released by its reader 'r', which leaves that to others}}
      tle.pipe_release %bars[%i] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %j: i32) num_warps(4) {
      tle.pipe_acquire %b[%j] : !bars
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @release_before_wait(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %i)
    default {
      // expected-error @+1 {{pipe 'tiles' is released without a wait before it}}
      tle.pipe_release %bars[%i] {reader = "r"} : !bars
      tle.pipe_wait %bars[%i] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %j: i32) num_warps(4) {
      tle.pipe_acquire %b[%j] : !bars
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @never_committed(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    // expected-error @+1 {{pipe 'tiles' is never committed to: its readers would wait for ever}}
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %i)
    default {
      tle.pipe_wait %bars[%i] {reader = "r"} : !bars
      tle.pipe_release %bars[%i] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %j: i32) num_warps(4) {
      tle.pipe_acquire %b[%j] : !bars
      ttg.warp_return
    } : (!bars, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @never_released(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    // expected-error @+1 {{pipe 'tiles' is never released by its reader 'r': its writer would wait for ever}}
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %i)
    default {
      tle.pipe_wait %bars[%i] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %j: i32) num_warps(4) {
      tle.pipe_acquire %b[%j] : !bars
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @same_partition(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    // expected-error @+1 {{pipe 'tiles' is written and read by the same partition}}
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %i)
    default {
      ttg.warp_yield
    }
    partition0(%b: !bars, %j: i32) num_warps(4) {
      tle.pipe_wait %b[%j] {reader = "r"} : !bars
      tle.pipe_release %b[%j] {reader = "r"} : !bars
      tle.pipe_acquire %b[%j] : !bars
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @two_writers(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %i)
    default {
      tle.pipe_wait %bars[%i] {reader = "r"} : !bars
      tle.pipe_release %bars[%i] {reader = "r"} : !bars
      tle.pipe_acquire %bars[%i] : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %j: i32) num_warps(4) {
      // expected-error @+1 {{pipe 'tiles' counts the arrivals of one partition an endpoint, but its writer is used in two partitions}}
      tle.pipe_acquire %b[%j] : !bars
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @outside(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    // expected-error @+1 {{pipe 'tiles' connects partitions: its writer can work inside of tle.gpu.warp_specialize only}}
    tle.pipe_acquire %bars[%i] : !bars
    ttg.warp_specialize(%bars, %i)
    default {
      tle.pipe_wait %bars[%i] {reader = "r"} : !bars
      tle.pipe_release %bars[%i] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %j: i32) num_warps(4) {
      tle.pipe_acquire %b[%j] : !bars
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @unknown_reader(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %i)
    default {
      // expected-error @+1 {{pipe 'tiles' has no reader "s"}}
      tle.pipe_wait %bars[%i] {reader = "s"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %j: i32) num_warps(4) {
      tle.pipe_acquire %b[%j] : !bars
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @unknown_pipe(%bars: !bars, %i: i32) {
    // expected-error @+1 {{the pipe of this step is not known here: it comes from a loop, a branch or a function}}
    tle.pipe_acquire %bars[%i] : !bars
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @bad_create(%bars: !bars, %field: !field) {
    // expected-error @+1 {{has 4 slots, but field #0 has 2}}
    tle.pipe_create %bars, %field {name = "t", oneShot = true, readers = ["r"]} : !bars, !field
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @bad_create(%bars: !bars, %field: !field) {
    // expected-error @+1 {{needs a reader}}
    tle.pipe_create %bars, %field {name = "t", oneShot = false, readers = []} : !bars, !field
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @bad_create(%bars: !bars, %field: !field) {
    // expected-error @+1 {{names reader "r" twice}}
    tle.pipe_create %bars, %field {name = "t", oneShot = false, readers = ["r", "r"]} : !bars, !field
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @bad_create(%bars: !bars, %field: !field) {
    // expected-error @+1 {{needs mutable barriers of shape [words, 1] with words of 64 bits}}
    tle.pipe_create %field {name = "t", oneShot = false, readers = ["r"]} : !field
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [1, 0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @bad_create(%bars: !bars) {
    // expected-error @+1 {{needs barriers in a layout of rank 1, that of a word, but got}}
    tle.pipe_create %bars {name = "t", oneShot = false, readers = ["r"]} : !bars
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<65536x1xi64, #bar, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @bad_create(%bars: !bars) {
    // expected-error @+1 {{needs 65536 barriers, shared memory holds 29056 at most}}
    tle.pipe_create %bars {name = "t", oneShot = false, readers = ["r"]} : !bars
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @barriers_of_another(%bars: !bars) {
    tle.pipe_create %bars {name = "a", oneShot = false, readers = ["r"]} : !bars
    // expected-error @+1 {{pipe 'b' has the barriers of pipe 'a'}}
    tle.pipe_create %bars {name = "b", oneShot = false, readers = ["r"]} : !bars
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @view_of_barriers(%bars: !bars, %i: i32) {
    tle.pipe_create %bars {name = "t", oneShot = false, readers = ["r"]} : !bars
    %one = ttg.memdesc_index %bars[%i] : !bars -> !ttg.memdesc<1xi64, #bar, #smem, mutable>
    // expected-error @+1 {{takes barriers '!ttg.memdesc<1xi64}}
    tle.pipe_acquire %one[%i] : !ttg.memdesc<1xi64, #bar, #smem, mutable>
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @too_many_threads(%i: i32) {
    %bars = ttg.local_alloc : () -> !bars
    // expected-error @+1 {{pipe 't' counts 201326592 arrivals, an mbarrier counts 1048575 at most}}
    tle.pipe_create %bars {name = "t", oneShot = false, readers = ["r"]} : !bars
    ttg.warp_specialize(%bars, %i)
    default {
      tle.pipe_wait %bars[%i] {reader = "r"} : !bars
      tle.pipe_release %bars[%i] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %j: i32) num_warps(2097152) {
      tle.pipe_acquire %b[%j] : !bars
      tle.pipe_commit %b[%j] : !bars
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
  tt.func public @argument_of_a_block(%i: i32) {
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars {name = "t", oneShot = false, readers = ["r"]} : !bars
    ttg.warp_specialize(%bars, %i)
    default {
      ttg.warp_yield
    }
    partition0(%b: !bars, %j: i32) num_warps(4) {
      cf.br ^bb1(%j, %j, %b : i32, i32, !bars)
    ^bb1(%x: i32, %y: i32, %c: !bars):
      // expected-error @+1 {{the pipe of this step is not known here}}
      tle.pipe_acquire %c[%x] : !bars
      ttg.warp_return
    } : (!bars, i32) -> ()
    tt.return
  }
}
