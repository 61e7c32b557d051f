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
      // expected-error @+1 {{a pipe counts the arrivals of one partition an endpoint, but its writer is used in two partitions}}
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
    // expected-error @+1 {{a pipe connects partitions: its writer can work inside of tle.gpu.warp_specialize only}}
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
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @early_read(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %field, %i)
    default {
      %t = ttg.memdesc_index %field[%i] : !field -> !tile
      // expected-error @+1 {{a field of pipe 'tiles' is accessed without a wait before it}}
      %x = ttg.local_load %t : !tile -> tensor<64x64xbf16, #blocked>
      tle.pipe_wait %bars[%i] {reader = "r"} : !bars
      tle.pipe_release %bars[%i] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !field, %j: i32) num_warps(4) {
      %v = arith.constant dense<0.0> : tensor<64x64xbf16, #blocked>
      %t = ttg.memdesc_index %f[%j] : !field -> !tile
      tle.pipe_acquire %b[%j] : !bars
      ttg.local_store %v, %t : tensor<64x64xbf16, #blocked> -> !tile
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, !field, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @early_write(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %field, %i)
    default {
      %t = ttg.memdesc_index %field[%i] : !field -> !tile
      tle.pipe_wait %bars[%i] {reader = "r"} : !bars
      %x = ttg.local_load %t : !tile -> tensor<64x64xbf16, #blocked>
      tle.pipe_release %bars[%i] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !field, %j: i32) num_warps(4) {
      %v = arith.constant dense<0.0> : tensor<64x64xbf16, #blocked>
      %t = ttg.memdesc_index %f[%j] : !field -> !tile
      // expected-error @+1 {{a field of pipe 'tiles' is accessed without an acquire before it}}
      ttg.local_store %v, %t : tensor<64x64xbf16, #blocked> -> !tile
      tle.pipe_acquire %b[%j] : !bars
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, !field, i32) -> ()
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

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @reads_more(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %i)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c5 = arith.constant 5 : i32
      scf.for %t = %c0 to %c5 step %c1 : i32 {
        tle.pipe_wait %bars[%i] {reader = "r"} : !bars
        // expected-error @+1 {{pipe 'tiles': its reader 'r' releases 5 tiles, but 4 are committed: it would wait for ever for the next one}}
        tle.pipe_release %bars[%t] {reader = "r"} : !bars
      }
      ttg.warp_yield
    }
    partition0(%b: !bars, %j: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      %c8 = arith.constant 8 : i32
      scf.for %t = %c0 to %c4 step %c1 : i32 {
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
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @writes_more(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %i)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c5 = arith.constant 5 : i32
      scf.for %t = %c0 to %c5 step %c1 : i32 {
        tle.pipe_wait %bars[%t] {reader = "r"} : !bars
        tle.pipe_release %bars[%t] {reader = "r"} : !bars
      }
      ttg.warp_yield
    }
    partition0(%b: !bars, %j: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      %c8 = arith.constant 8 : i32
      scf.for %t = %c0 to %c8 step %c1 : i32 {
        // expected-error @+1 {{pipe 'tiles': its writer acquires 8 times, but its reader 'r' releases 5 tiles of 2 slots: it would wait for ever}}
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
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @waits_for_none(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %i)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c5 = arith.constant 5 : i32
      // expected-error @+1 {{pipe 'tiles': its reader 'r' waits for tile 5, but 4 tiles are committed in all: it would wait for ever}}
      tle.pipe_wait %bars[%c5] {reader = "r", tle.implied_release} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %j: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      %c8 = arith.constant 8 : i32
      scf.for %t = %c0 to %c4 step %c1 : i32 {
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
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @gaps(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %field, %i)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      tle.pipe_wait %bars[%i] {reader = "r"} : !bars
      tle.pipe_release %bars[%i] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !field, %j: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      scf.for %t = %c0 to %c4 step %c2 : i32 {
        tle.pipe_acquire %b[%t] : !bars
        // expected-error @+1 {{pipe 'tiles': tile 2 is committed, but only 2 tiles are in all: tiles are counted without gaps}}
        tle.pipe_commit %b[%t] : !bars
      }
      ttg.warp_return
    } : (!bars, !field, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @before_the_first(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %field, %i)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      scf.for %t = %c0 to %c4 step %c1 : i32 {
        tle.pipe_wait %bars[%t] {reader = "r"} : !bars
        %before = arith.subi %t, %c1 : i32
        // expected-error @+1 {{pipe 'tiles' has a step for tile -1, but tiles are counted from 0 on}}
        tle.pipe_release %bars[%before] {reader = "r"} : !bars
      }
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !field, %j: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      tle.pipe_acquire %b[%j] : !bars
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, !field, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @waits_beyond_in_nested_loops(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %field, %i)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      scf.for %t = %c0 to %c2 step %c1 : i32 {
        scf.for %u = %c1 to %c4 step %c2 : i32 {
          %twice = arith.muli %t, %c2 : i32
          %tile = arith.addi %twice, %u : i32
          // expected-error @+1 {{pipe 'tiles': its reader 'r' waits for tile 5, but 4 tiles are committed in all: it would wait for ever}}
          tle.pipe_wait %bars[%tile] {reader = "r", tle.implied_release} : !bars
        }
      }
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !field, %j: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      scf.for %t = %c0 to %c4 step %c1 : i32 {
        tle.pipe_acquire %b[%t] : !bars
        tle.pipe_commit %b[%t] : !bars
      }
      ttg.warp_return
    } : (!bars, !field, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @one_shot_beyond_its_slots(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !ttg.memdesc<2x1xi64, #bar, #smem, mutable>
    tle.pipe_create %bars, %field {name = "tiles", oneShot = true, readers = ["r"]} : !ttg.memdesc<2x1xi64, #bar, #smem, mutable>, !field
    ttg.warp_specialize(%bars, %field, %i)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      tle.pipe_wait %bars[%c0] {reader = "r"} : !ttg.memdesc<2x1xi64, #bar, #smem, mutable>
      ttg.warp_yield
    }
    partition0(%b: !ttg.memdesc<2x1xi64, #bar, #smem, mutable>, %f: !field, %j: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      scf.for %t = %c0 to %c4 step %c1 : i32 {
        // expected-error @+1 {{pipe 'tiles' has a step for tile 3, but it is one-shot and has 2 slots}}
        tle.pipe_acquire %b[%t] : !ttg.memdesc<2x1xi64, #bar, #smem, mutable>
        tle.pipe_commit %b[%t] : !ttg.memdesc<2x1xi64, #bar, #smem, mutable>
      }
      ttg.warp_return
    } : (!ttg.memdesc<2x1xi64, #bar, #smem, mutable>, !field, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @one_shot_waits_for_none(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !ttg.memdesc<2x1xi64, #bar, #smem, mutable>
    tle.pipe_create %bars, %field {name = "tiles", oneShot = true, readers = ["r"]} : !ttg.memdesc<2x1xi64, #bar, #smem, mutable>, !field
    ttg.warp_specialize(%bars, %field, %i)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      // expected-error @+1 {{pipe 'tiles': its reader 'r' waits for tile 1, but 1 tiles are committed in all: it would wait for ever}}
      tle.pipe_wait %bars[%c1] {reader = "r"} : !ttg.memdesc<2x1xi64, #bar, #smem, mutable>
      ttg.warp_yield
    }
    partition0(%b: !ttg.memdesc<2x1xi64, #bar, #smem, mutable>, %f: !field, %j: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      tle.pipe_acquire %b[%c0] : !ttg.memdesc<2x1xi64, #bar, #smem, mutable>
      tle.pipe_commit %b[%c0] : !ttg.memdesc<2x1xi64, #bar, #smem, mutable>
      ttg.warp_return
    } : (!ttg.memdesc<2x1xi64, #bar, #smem, mutable>, !field, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @one_buffer_in_two_pipes(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    %others = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    // expected-error @+1 {{field 'a' of pipe 'more' is a field of pipe 'tiles' already}}
    tle.pipe_create %others, %field {name = "more", oneShot = false, readers = ["r"], tle.fields = ["a"]} : !bars, !field
    ttg.warp_specialize(%bars, %field, %i)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      tle.pipe_wait %bars[%i] {reader = "r"} : !bars
      tle.pipe_release %bars[%i] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !field, %j: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      tle.pipe_acquire %b[%j] : !bars
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, !field, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @one_buffer_as_two_fields(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    // expected-error @+1 {{pipe 'tiles' has one buffer as two fields, field #1 the second time}}
    tle.pipe_create %bars, %field, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field, !field
    ttg.warp_specialize(%bars, %field, %i)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      tle.pipe_wait %bars[%i] {reader = "r"} : !bars
      tle.pipe_release %bars[%i] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !field, %j: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      tle.pipe_acquire %b[%j] : !bars
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, !field, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @no_end(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %field, %i)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      tle.pipe_wait %bars[%i] {reader = "r"} : !bars
      tle.pipe_release %bars[%i] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !field, %j: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      tle.pipe_acquire %b[%j] : !bars
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    }
    partition1(%b: !bars, %f: !field, %j: i32) num_warps(4) {
      %t = ttg.memdesc_index %f[%j] : !field -> !tile
      // expected-error @+1 {{a field of pipe 'tiles' is accessed by a partition that has no end of it}}
      %x = ttg.local_load %t : !tile -> tensor<64x64xbf16, #blocked>
      ttg.warp_return
    } : (!bars, !field, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @read_after_release(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %field, %i)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      scf.for %t = %c0 to %c4 step %c1 : i32 {
        tle.pipe_wait %bars[%t] {reader = "r"} : !bars
        %place = arith.andi %t, %c1 : i32
        %s = ttg.memdesc_index %field[%place] : !field -> !tile
        // expected-note @+1 {{released here}}
        tle.pipe_release %bars[%t] {reader = "r"} : !bars
        // expected-error @+1 {{a field of pipe 'tiles' is accessed after its tile has been released}}
        %x = ttg.local_load %s : !tile -> tensor<64x64xbf16, #blocked>
      }
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !field, %j: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      scf.for %t = %c0 to %c4 step %c1 : i32 {
        tle.pipe_acquire %b[%t] : !bars
        tle.pipe_commit %b[%t] : !bars
      }
      ttg.warp_return
    } : (!bars, !field, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @write_after_commit(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %field, %i)
    default {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      tle.pipe_wait %bars[%i] {reader = "r"} : !bars
      tle.pipe_release %bars[%i] {reader = "r"} : !bars
      ttg.warp_yield
    }
    partition0(%b: !bars, %f: !field, %j: i32) num_warps(4) {
      %c0 = arith.constant 0 : i32
      %c1 = arith.constant 1 : i32
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      %v = arith.constant dense<0.0> : tensor<64x64xbf16, #blocked>
      %place = arith.remui %j, %c2 : i32
      %s = ttg.memdesc_index %f[%place] : !field -> !tile
      tle.pipe_acquire %b[%j] : !bars
      // expected-note @+1 {{committed here}}
      tle.pipe_commit %b[%j] : !bars
      // expected-error @+1 {{a field of pipe 'tiles' is written to after its tile has been committed}}
      ttg.local_store %v, %s : tensor<64x64xbf16, #blocked> -> !tile
      ttg.warp_return
    } : (!bars, !field, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @outside_of_a_loop(%i: i32) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    // expected-error @+1 {{pipe 'tiles' is made outside of a loop around tle.gpu.warp_specialize: each run counts its tiles from 0 and needs a pipe of its own, made inside}}
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    // expected-note @+1 {{the loop}}
    scf.for %t = %c0 to %i step %c1 : i32 {
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
    }
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @ends_in_two(%i: i32) {
    %field = ttg.local_alloc : () -> !field
    %bars = ttg.local_alloc : () -> !bars
    tle.pipe_create %bars, %field {name = "tiles", oneShot = false, readers = ["r"]} : !bars, !field
    ttg.warp_specialize(%bars, %i)
    default {
      ttg.warp_yield
    }
    partition0(%b: !bars, %j: i32) num_warps(4) {
      tle.pipe_acquire %b[%j] : !bars
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, i32) -> ()
    ttg.warp_specialize(%bars, %i)
    default {
      ttg.warp_yield
    }
    partition0(%b: !bars, %j: i32) num_warps(4) {
      // expected-error @+1 {{pipe 'tiles' serves one tle.gpu.warp_specialize, but its reader 'r' is in another one than its writer}}
      tle.pipe_wait %b[%j] {reader = "r"} : !bars
      tle.pipe_release %b[%j] {reader = "r"} : !bars
      ttg.warp_return
    } : (!bars, i32) -> ()
    tt.return
  }
}

// -----

#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#blocked = #ttg.blocked<{sizePerThread = [1, 8], threadsPerWarp = [4, 8], warpsPerCTA = [4, 1], order = [1, 0]}>
#smem = #ttg.shared_memory
!bars = !ttg.memdesc<4x1xi64, #bar, #smem, mutable>
!field = !ttg.memdesc<2x64x64xbf16, #shared, #smem, mutable>
!tile = !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90", "ttg.threads-per-warp" = 32 : i32} {
  tt.func public @one_end_in_two(%i: i32) {
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
      tle.pipe_acquire %b[%j] : !bars
      tle.pipe_commit %b[%j] : !bars
      ttg.warp_return
    } : (!bars, i32) -> ()
    ttg.warp_specialize(%bars, %i)
    default {
      ttg.warp_yield
    }
    partition0(%b: !bars, %j: i32) num_warps(4) {
      // expected-error @+1 {{a pipe serves one tle.gpu.warp_specialize, but its reader 'r' is used in two: make a pipe for each}}
      tle.pipe_wait %b[%j] {reader = "r"} : !bars
      tle.pipe_release %b[%j] {reader = "r"} : !bars
      ttg.warp_return
    } : (!bars, i32) -> ()
    tt.return
  }
}
