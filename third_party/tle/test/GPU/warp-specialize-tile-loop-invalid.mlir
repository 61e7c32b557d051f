// RUN: tle-opt %s -triton-tle-warp-specialize-tile-loop -remarks-filter=.*tile-loop -verify-diagnostics | FileCheck %s
// RUN: tle-opt %s -triton-tle-warp-specialize-tile-loop -triton-tle-warp-specialize-tile-loop | FileCheck %s
// RUN: cat %S/warp-specialize-tile-loop.mlir %S/warp-specialize-tile-loop-items.mlir | tle-opt -split-input-file -triton-tle-warp-specialize-tile-loop=compute-capability=100 | FileCheck %s
// RUN: cat %S/warp-specialize-tile-loop.mlir %S/warp-specialize-tile-loop-items.mlir | tle-opt -split-input-file -triton-tle-warp-specialize-tile-loop=num-ctas=2 | FileCheck %s
// RUN: cat %S/warp-specialize-tile-loop.mlir %S/warp-specialize-tile-loop-items.mlir | tle-opt -split-input-file -triton-tle-warp-specialize-tile-loop=num-warps=2 | FileCheck %s
// RUN: cat %S/warp-specialize-tile-loop.mlir %S/warp-specialize-tile-loop-items.mlir | tle-opt -split-input-file -triton-tle-warp-specialize-tile-loop=shared-memory-reserve=232448 | FileCheck %s

// Loops that stay whole, and lose the mark.
// CHECK-NOT: ttg.warp_specialize
// CHECK-NOT: tt.warp_specialize

#s = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#plain = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
!buf = !ttg.memdesc<64x64xbf16, #s, #smem, mutable>
!tile = tensor<64x64xbf16>
!ptrs = tensor<64x64x!tt.ptr<bf16>>
!local = tensor<64x64x!tt.ptr<bf16, 3>>
!ints = tensor<64x64xi32>
!wide_buf = !ttg.memdesc<512x256xbf16, #s, #smem, mutable>
!wide_tile = tensor<512x256xbf16>
!wide_ptrs = tensor<512x256x!tt.ptr<bf16>>
!wide_local = tensor<512x256x!tt.ptr<bf16, 3>>
!wide_ints = tensor<512x256xi32>

tt.func public @no_tile(%x: !tt.ptr<f32>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant 0.0 : f32
  // expected-remark @below {{it gathers no tile: no load goes to a buffer of its own, or to a product only}}
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (f32) : i32 {
    %p = tt.addptr %x, %i : !tt.ptr<f32>, i32
    %v = tt.load %p : !tt.ptr<f32>
    %sum = arith.addf %acc, %v : f32
    scf.yield %sum : f32
  } {tt.warp_specialize}
  tt.store %x, %r : !tt.ptr<f32>
  tt.return
}

// The buffer is read before it is filled: what the last iteration left there.
tt.func public @read_before(%x: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %out: !tt.ptr<bf16>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : !tile
  %src = tt.splat %x : !tt.ptr<bf16> -> !ptrs
  %buf = ttg.local_alloc : () -> !buf
  // expected-remark @below {{it gathers no tile}}
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (!tile) : i32 {
    %p = "tle.local_pointers"(%buf) : (!buf) -> !local
    %k = tt.load %p : !local
    %v = tt.load %src : !ptrs
    tt.store %p, %v : !local
    %sum = arith.addf %acc, %k : !tile
    scf.yield %sum : !tile
  } {tt.warp_specialize}
  %o = tt.splat %out : !tt.ptr<bf16> -> !ptrs
  tt.store %o, %r : !ptrs
  tt.return
}

tt.func public @no_runs(%x: !tt.ptr<bf16>, %out: !tt.ptr<bf16>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : !tile
  %src = tt.splat %x : !tt.ptr<bf16> -> !ptrs
  %buf = ttg.local_alloc : () -> !buf
  // expected-remark @below {{a tile has no runs of four bytes that a copy can move}}
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (!tile) : i32 {
    %p = "tle.local_pointers"(%buf) : (!buf) -> !local
    %v = tt.load %src : !ptrs
    tt.store %p, %v : !local
    %k = tt.load %p : !local
    %sum = arith.addf %acc, %k : !tile
    scf.yield %sum : !tile
  } {tt.warp_specialize}
  %o = tt.splat %out : !tt.ptr<bf16> -> !ptrs
  tt.store %o, %r : !ptrs
  tt.return
}

// The loop stores to what it gathers from.
tt.func public @written(%x: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %rows = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %cols = tt.expand_dims %rows {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %wide = tt.broadcast %cols : tensor<1x64xi32> -> !ints
  %splat = tt.splat %x : !tt.ptr<bf16> -> !ptrs
  %src = tt.addptr %splat, %wide : !ptrs, !ints
  %buf = ttg.local_alloc : () -> !buf
  // expected-remark @below {{what it gathers may be written in the loop by 'tt.store'}}
  scf.for %i = %c0 to %n step %c1 : i32 {
    %p = "tle.local_pointers"(%buf) : (!buf) -> !local
    %v = tt.load %src : !ptrs
    tt.store %p, %v : !local
    %k = tt.load %p : !local
    tt.store %src, %k : !ptrs
  } {tt.warp_specialize}
  tt.return
}

// An address that comes out of the tile itself.
tt.func public @chased(%x: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %n: i32) {
  %none = arith.constant dense<0.0> : !tile
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %rows = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %cols = tt.expand_dims %rows {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %wide = tt.broadcast %cols : tensor<1x64xi32> -> !ints
  %splat = tt.splat %x : !tt.ptr<bf16> -> !ptrs
  %src = tt.addptr %splat, %wide : !ptrs, !ints
  %buf = ttg.local_alloc : () -> !buf
  // expected-remark @below {{the address of a tile depends on 'tt.reduce', which the producer cannot run}}
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%q = %src) -> (!ptrs) : i32 {
    %p = "tle.local_pointers"(%buf) : (!buf) -> !local
    %v = tt.load %q : !ptrs
    tt.store %p, %v : !local
    %k = tt.load %p : !local
    %m = "tt.reduce"(%k) <{axis = 1 : i32}> ({
    ^bb0(%a: bf16, %b: bf16):
      %max = arith.maxnumf %a, %b : bf16
      tt.reduce.return %max : bf16
    }) : (!tile) -> tensor<64xbf16>
    %m32 = arith.fptosi %m : tensor<64xbf16> to tensor<64xi32>
    %tall = tt.expand_dims %m32 {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
    %off = tt.broadcast %tall : tensor<64x1xi32> -> !ints
    %next = tt.addptr %q, %off : !ptrs, !ints
    scf.yield %next : !ptrs
  } {tt.warp_specialize}
  tt.store %r, %none : !ptrs
  tt.return
}

tt.func public @too_large(%x: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %out: !tt.ptr<bf16>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : !wide_tile
  %rows = tt.make_range {end = 256 : i32, start = 0 : i32} : tensor<256xi32>
  %cols = tt.expand_dims %rows {axis = 0 : i32} : tensor<256xi32> -> tensor<1x256xi32>
  %wide = tt.broadcast %cols : tensor<1x256xi32> -> !wide_ints
  %splat = tt.splat %x : !tt.ptr<bf16> -> !wide_ptrs
  %src = tt.addptr %splat, %wide : !wide_ptrs, !wide_ints
  %buf = ttg.local_alloc : () -> !wide_buf
  // expected-remark @below {{two slots of 262160 bytes beside 0 bytes and 2048 of scratch memory do not fit into shared memory}}
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (!wide_tile) : i32 {
    %p = "tle.local_pointers"(%buf) : (!wide_buf) -> !wide_local
    %v = tt.load %src : !wide_ptrs
    tt.store %p, %v : !wide_local
    %k = tt.load %p : !wide_local
    %sum = arith.addf %acc, %k : !wide_tile
    scf.yield %sum : !wide_tile
  } {tt.warp_specialize}
  %o = tt.splat %out : !tt.ptr<bf16> -> !wide_ptrs
  tt.store %o, %r : !wide_ptrs
  tt.return
}

// Inside of other loops, masked elements that are not zero, a private function.
tt.func public @nested(%n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  scf.for %h = %c0 to %n step %c1 : i32 {
    scf.for %i = %c0 to %n step %c1 : i32 {
      // expected-remark @below {{it is inside of a branch or of several loops}}
      scf.for %j = %c0 to %n step %c1 : i32 {
      } {tt.warp_specialize}
    }
  }
  tt.return
}

// Loops around it that are none over items.
tt.func public @carried(%x: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %out: !tt.ptr<bf16>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : !tile
  %src = tt.splat %x : !tt.ptr<bf16> -> !ptrs
  %buf = ttg.local_alloc : () -> !buf
  %last = scf.for %item = %c0 to %n step %c1 iter_args(%before = %zero) -> (!tile) : i32 {
    // expected-remark @below {{the loop around it carries values}}
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (!tile) : i32 {
      %p = "tle.local_pointers"(%buf) : (!buf) -> !local
      %v = tt.load %src : !ptrs
      tt.store %p, %v : !local
      %k = tt.load %p : !local
      %sum = arith.addf %acc, %k : !tile
      scf.yield %sum : !tile
    } {tt.warp_specialize}
    scf.yield %r : !tile
  }
  %o = tt.splat %out : !tt.ptr<bf16> -> !ptrs
  tt.store %o, %last : !ptrs
  tt.return
}

tt.func public @two_loops(%x: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %out: !tt.ptr<bf16>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : !tile
  %src = tt.splat %x : !tt.ptr<bf16> -> !ptrs
  %buf = ttg.local_alloc : () -> !buf
  %o = tt.splat %out : !tt.ptr<bf16> -> !ptrs
  scf.for %item = %c0 to %n step %c1 : i32 {
    // expected-remark @below {{the loop around it holds other loops}}
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (!tile) : i32 {
      %p = "tle.local_pointers"(%buf) : (!buf) -> !local
      %v = tt.load %src : !ptrs
      tt.store %p, %v : !local
      %k = tt.load %p : !local
      %sum = arith.addf %acc, %k : !tile
      scf.yield %sum : !tile
    } {tt.warp_specialize}
    scf.for %j = %c0 to %n step %c1 : i32 {
      tt.store %o, %r : !ptrs
    }
  }
  tt.return
}

// The next item's tiles would be loaded before this one has written them.
tt.func public @own_results(%x: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %out: !tt.ptr<bf16>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : !tile
  %src = tt.splat %x : !tt.ptr<bf16> -> !ptrs
  %buf = ttg.local_alloc : () -> !buf
  scf.for %item = %c0 to %n step %c1 : i32 {
    // expected-remark @below {{what it gathers may be written in the loop by 'tt.store'}}
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (!tile) : i32 {
      %p = "tle.local_pointers"(%buf) : (!buf) -> !local
      %v = tt.load %src : !ptrs
      tt.store %p, %v : !local
      %k = tt.load %p : !local
      %sum = arith.addf %acc, %k : !tile
      scf.yield %sum : !tile
    } {tt.warp_specialize}
    tt.store %src, %r : !ptrs
  }
  tt.return
}

// Addresses that depend on more than loads and arithmetic of the item.
tt.func public @drawn(%x: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %next: !tt.ptr<i32>, %out: !tt.ptr<bf16>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : !tile
  %buf = ttg.local_alloc : () -> !buf
  %true = arith.constant true
  %o = tt.splat %out : !tt.ptr<bf16> -> !ptrs
  scf.for %item = %c0 to %n step %c1 : i32 {
    %place = tt.atomic_rmw add, relaxed, gpu, %next, %c1, %true : (!tt.ptr<i32>, i32, i1) -> i32
    %start = tt.addptr %x, %place : !tt.ptr<bf16>, i32
    %src = tt.splat %start : !tt.ptr<bf16> -> !ptrs
    // expected-remark @below {{the address of a tile needs what 'tt.atomic_rmw' makes in the loop around it}}
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (!tile) : i32 {
      %p = "tle.local_pointers"(%buf) : (!buf) -> !local
      %v = tt.load %src : !ptrs
      tt.store %p, %v : !local
      %k = tt.load %p : !local
      %sum = arith.addf %acc, %k : !tile
      scf.yield %sum : !tile
    } {tt.warp_specialize}
    tt.store %o, %r : !ptrs
  }
  tt.return
}

// More than a slot holds.
tt.func public @large_results(%x: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %out: !tt.ptr<f32>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : !tile
  %cols = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32>
  %flat = tt.expand_dims %cols {axis = 0 : i32} : tensor<64xi32> -> tensor<1x64xi32>
  %wide_cols = tt.broadcast %flat : tensor<1x64xi32> -> !ints
  %x_splat = tt.splat %x : !tt.ptr<bf16> -> !ptrs
  %src = tt.addptr %x_splat, %wide_cols : !ptrs, !ints
  %buf = ttg.local_alloc : () -> !buf
  %o = tt.splat %out : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  scf.for %item = %c0 to %n step %c1 : i32 {
    // expected-remark @below {{a tile has 8192 bytes, but what is stored behind the loop 16384}}
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (!tile) : i32 {
      %p = "tle.local_pointers"(%buf) : (!buf) -> !local
      %v = tt.load %src : !ptrs
      tt.store %p, %v : !local
      %k = tt.load %p : !local
      %sum = arith.addf %acc, %k : !tile
      scf.yield %sum : !tile
    } {tt.warp_specialize}
    %wide = arith.extf %r : !tile to tensor<64x64xf32>
    tt.store %o, %wide : tensor<64x64x!tt.ptr<f32>>
  }
  tt.return
}

tt.func private @helper(%n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  // expected-remark @below {{it is not in the kernel itself}}
  scf.for %j = %c0 to %n step %c1 : i32 {
  } {tt.warp_specialize}
  tt.return
}

tt.func public @other_than_zero(%x: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %out: !tt.ptr<bf16>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %one = arith.constant dense<1.0> : !wide_tile
  %mask = arith.constant dense<false> : tensor<512x256xi1>
  %splat = tt.splat %x : !tt.ptr<bf16> -> !wide_ptrs
  %buf = ttg.local_alloc : () -> !wide_buf
  // expected-remark @below {{masked elements of a tile are other than zero}}
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %one) -> (!wide_tile) : i32 {
    %p = "tle.local_pointers"(%buf) : (!wide_buf) -> !wide_local
    %v = tt.load %splat, %mask, %one : !wide_ptrs
    tt.store %p, %v : !wide_local
    %k = tt.load %p : !wide_local
    %sum = arith.addf %acc, %k : !wide_tile
    scf.yield %sum : !wide_tile
  } {tt.warp_specialize}
  %o = tt.splat %out : !tt.ptr<bf16> -> !wide_ptrs
  tt.store %o, %r : !wide_ptrs
  tt.return
}

// What partitions do not take, anywhere in the kernel.
tt.func public @atomic(%x: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %n: i32, %hits: !ttg.memdesc<64xi32, #plain, #smem, mutable>) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %ones = arith.constant dense<1> : tensor<64xi32>
  // expected-remark @below {{the kernel holds 'tt.atomic_rmw', which partitions do not take}}
  scf.for %i = %c0 to %n step %c1 : i32 {
  } {tt.warp_specialize}
  %p = "tle.local_pointers"(%hits) : (!ttg.memdesc<64xi32, #plain, #smem, mutable>) -> tensor<64x!tt.ptr<i32, 3>>
  %old = tt.atomic_rmw add, relaxed, cta, %p, %ones : (tensor<64x!tt.ptr<i32, 3>>, tensor<64xi32>) -> tensor<64xi32>
  tt.return
}

tt.func public @atomic_by_integer(%n: i32, %hits: !ttg.memdesc<64xi32, #plain, #smem, mutable>) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %ones = arith.constant dense<1> : tensor<64xi32>
  // expected-remark @below {{the kernel holds 'tt.ptr_to_int', which partitions do not take}}
  scf.for %i = %c0 to %n step %c1 : i32 {
  } {tt.warp_specialize}
  %p = "tle.local_pointers"(%hits) : (!ttg.memdesc<64xi32, #plain, #smem, mutable>) -> tensor<64x!tt.ptr<i32, 3>>
  %number = tt.ptr_to_int %p : tensor<64x!tt.ptr<i32, 3>> -> tensor<64xi64>
  %q = tt.int_to_ptr %number : tensor<64xi64> -> tensor<64x!tt.ptr<i32>>
  %old = tt.atomic_rmw add, relaxed, cta, %q, %ones : (tensor<64x!tt.ptr<i32>>, tensor<64xi32>) -> tensor<64xi32>
  tt.return
}

// A layout that counts copies of rows leaves no dimension for slots.
tt.func public @no_dimension(%x: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %out: !tt.ptr<bf16>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : !tile
  %splat = tt.splat %x : !tt.ptr<bf16> -> !ptrs
  %range = tt.make_range {start = 0 : i32, end = 64 : i32} : tensor<64xi32>
  %tall = tt.expand_dims %range {axis = 1 : i32} : tensor<64xi32> -> tensor<64x1xi32>
  %rows = tt.broadcast %tall : tensor<64x1xi32> -> !ints
  %src = tt.addptr %splat, %rows : !ptrs, !ints
  %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64xbf16, #plain, #smem, mutable>
  // expected-remark @below {{it gathers no tile}}
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (!tile) : i32 {
    %v = tt.load %src : !ptrs
    ttg.local_store %v, %buf : !tile -> !ttg.memdesc<64x64xbf16, #plain, #smem, mutable>
    %k = ttg.local_load %buf : !ttg.memdesc<64x64xbf16, #plain, #smem, mutable> -> !tile
    %sum = arith.addf %acc, %k : !tile
    scf.yield %sum : !tile
  } {tt.warp_specialize}
  %o = tt.splat %out : !tt.ptr<bf16> -> !ptrs
  tt.store %o, %r : !ptrs
  tt.return
}

// A table of pointers is no tile.
tt.func public @tile_of_pointers(%x: !tt.ptr<!tt.ptr<bf16>> {tt.divisibility = 16 : i32}, %out: !tt.ptr<bf16>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : !tile
  %src = tt.splat %x : !tt.ptr<!tt.ptr<bf16>> -> tensor<64x64x!tt.ptr<!tt.ptr<bf16>>>
  %buf = ttg.local_alloc : () -> !ttg.memdesc<64x64x!tt.ptr<bf16>, #s, #smem, mutable>
  // expected-remark @below {{it gathers no tile}}
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (!tile) : i32 {
    %v = tt.load %src : tensor<64x64x!tt.ptr<!tt.ptr<bf16>>>
    ttg.local_store %v, %buf : !ptrs -> !ttg.memdesc<64x64x!tt.ptr<bf16>, #s, #smem, mutable>
    %q = ttg.local_load %buf : !ttg.memdesc<64x64x!tt.ptr<bf16>, #s, #smem, mutable> -> !ptrs
    %k = tt.load %q : !ptrs
    %sum = arith.addf %acc, %k : !tile
    scf.yield %sum : !tile
  } {tt.warp_specialize}
  %o = tt.splat %out : !tt.ptr<bf16> -> !ptrs
  tt.store %o, %r : !ptrs
  tt.return
}

// A pointer to a block says nothing of its elements' addresses.
tt.func public @block_pointer(%x: !tt.ptr<tensor<64x64xbf16>>, %out: !tt.ptr<f32>, %n: i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // expected-remark @below {{it gathers no tile}}
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (tensor<64x64xf32>) : i32 {
    %v = tt.load %x : !tt.ptr<tensor<64x64xbf16>>
    %d = tt.dot %v, %v, %acc : !tile * !tile -> tensor<64x64xf32>
    scf.yield %d : tensor<64x64xf32>
  } {tt.warp_specialize}
  %o = tt.splat %out : !tt.ptr<f32> -> tensor<64x64x!tt.ptr<f32>>
  tt.store %o, %r : tensor<64x64x!tt.ptr<f32>>
  tt.return
}

// A descriptor that the kernel makes: where its memory is written is not followed.
tt.func public @made_descriptor(%x: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %n: i32, %out: !tt.ptr<f32>) {
  %c0 = arith.constant 0 : i32
  %c64 = arith.constant 64 : i32
  %c64_i64 = arith.constant 64 : i64
  %c1_i64 = arith.constant 1 : i64
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %k = tt.make_tensor_descriptor %x, [%n, %c64], [%c64_i64, %c1_i64] : <bf16>, <tensor<64x64xbf16>>
  // expected-remark@+1 {{it gathers no tile}}
  %r = scf.for %i = %c0 to %n step %c64 iter_args(%acc = %zero) -> (tensor<64x64xf32>) : i32 {
    %kt = tt.descriptor_load %k[%i, %c0] : !tt.tensordesc<tensor<64x64xbf16>> -> tensor<64x64xbf16>
    %o = tt.dot %kt, %kt, %acc : tensor<64x64xbf16> * tensor<64x64xbf16> -> tensor<64x64xf32>
    scf.yield %o : tensor<64x64xf32>
  } {tt.warp_specialize}
  %sum = "tt.reduce"(%r) <{axis = 0 : i32}> ({
  ^bb0(%y: f32, %z: f32):
    %w = arith.addf %y, %z : f32
    tt.reduce.return %w : f32
  }) : (tensor<64x64xf32>) -> tensor<64xf32>
  %splat = tt.splat %out : !tt.ptr<f32> -> tensor<64x!tt.ptr<f32>>
  tt.store %splat, %sum : tensor<64x!tt.ptr<f32>>
  tt.return
}
