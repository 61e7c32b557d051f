// RUN: tle-opt %s -triton-tle-localize-wgmma-descriptors=min-descriptors=1 | FileCheck %s
// RUN: tle-opt %s -triton-tle-localize-wgmma-descriptors | FileCheck %s --check-prefix=FEW
// RUN: tle-opt %s -triton-tle-localize-wgmma-descriptors=min-descriptors=2 | FileCheck %s --check-prefix=TWO

// Uniform registers hold a few descriptors.
// FEW-NOT: llvm.inline_asm

llvm.mlir.global external @smem() {addr_space = 3 : i32} : !llvm.array<0 x i8>

// Both descriptors share one zero; what is formed from constants is formed
// again, next to the product.
// CHECK-LABEL: llvm.func @invariant
// CHECK-SAME: %[[ADDR:[^:]*]]: i32
// CHECK: ^{{.*}}(%[[I:.*]]: i32):
// CHECK: %[[Z:.*]] = llvm.inline_asm has_side_effects asm_dialect = att "{ .reg .b32 t; mov.u32 t, %nctaid.x; shr.u32 t, t, 31; and.b32 $0, t, $1; }", "=r,r" %[[I]] : (i32) -> i32
// CHECK: nvvm.wgmma.fence.aligned
// CHECK-NEXT: %[[SUM:.*]] = llvm.add %[[ADDR]], %[[Z]] : i32
// CHECK-NEXT: %[[LOW:.*]] = llvm.and %[[SUM]], %{{.*}} : i32
// CHECK-NEXT: %[[EXT:.*]] = llvm.zext %[[LOW]] : i32 to i64
// CHECK-NEXT: %[[D0:.*]] = llvm.add %[[EXT]], %{{.*}} : i64
// CHECK-NEXT: %[[D1:.*]] = llvm.add %[[EXT]], %{{.*}} : i64
// CHECK-NEXT: nvg.wgmma %[[D0]], %[[D1]],
llvm.func @invariant(%addr: i32, %n: i32, %use: i1) {
  %i0 = llvm.mlir.constant(0 : i32) : i32
  %one = llvm.mlir.constant(1 : i32) : i32
  %mask = llvm.mlir.constant(16383 : i32) : i32
  %k0 = llvm.mlir.constant(4611686293305294848 : i64) : i64
  %k1 = llvm.mlir.constant(4611686293305294850 : i64) : i64
  llvm.br ^body(%i0 : i32)
^body(%i: i32):
  %low = llvm.and %addr, %mask : i32
  %ext = llvm.zext %low : i32 to i64
  %d0 = llvm.add %ext, %k0 : i64
  %d1 = llvm.add %ext, %k1 : i64
  nvvm.wgmma.fence.aligned
  %r = nvg.wgmma %d0, %d1, %use {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  %next = llvm.add %i, %one : i32
  %more = llvm.icmp "slt" %next, %n : i32
  llvm.cond_br %more, ^body(%next : i32), ^exit
^exit:
  llvm.return
}

// The buffer changes with the iteration: nothing to do.
// CHECK-LABEL: llvm.func @variant
// CHECK-NOT: llvm.inline_asm
// CHECK: llvm.return
llvm.func @variant(%addr: i32, %n: i32, %use: i1) {
  %i0 = llvm.mlir.constant(0 : i32) : i32
  %one = llvm.mlir.constant(1 : i32) : i32
  llvm.br ^body(%i0 : i32)
^body(%i: i32):
  %sum = llvm.add %addr, %i : i32
  %d = llvm.zext %sum : i32 to i64
  nvvm.wgmma.fence.aligned
  %r = nvg.wgmma %d, %d, %use {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  %next = llvm.add %i, %one : i32
  %more = llvm.icmp "slt" %next, %n : i32
  llvm.cond_br %more, ^body(%next : i32), ^exit
^exit:
  llvm.return
}

// CHECK-LABEL: llvm.func @no_loop
// CHECK-NOT: llvm.inline_asm
// CHECK: llvm.return
llvm.func @no_loop(%d: i64, %use: i1) {
  llvm.br ^next
^next:
  nvvm.wgmma.fence.aligned
  %r = nvg.wgmma %d, %d, %use {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  llvm.return
}

// A loop that changes no integer has nothing to mask the zero with.
// CHECK-LABEL: llvm.func @no_counter
// CHECK-NOT: llvm.inline_asm
// CHECK: llvm.return
llvm.func @no_counter(%d: i64, %use: i1, %p: !llvm.ptr<1>) {
  llvm.br ^body
^body:
  nvvm.wgmma.fence.aligned
  %r = nvg.wgmma %d, %d, %use {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  %more = llvm.load volatile %p : !llvm.ptr<1> -> i1
  llvm.cond_br %more, ^body, ^exit
^exit:
  llvm.return
}

// A 64-bit counter is cut; a descriptor without a known form gets the zero
// at the end.
// CHECK-LABEL: llvm.func @wide_counter
// CHECK: llvm.trunc %{{.*}} : i64 to i32
// CHECK: %[[Z:.*]] = llvm.inline_asm
// CHECK: %[[Z64:.*]] = llvm.zext %[[Z]] : i32 to i64
// CHECK: %[[D:.*]] = llvm.add %{{.*}}, %[[Z64]] : i64
// CHECK: nvg.wgmma %[[D]], %[[D]],
llvm.func @wide_counter(%d: i64, %n: i64, %use: i1) {
  %i0 = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^body(%i0 : i64)
^body(%i: i64):
  nvvm.wgmma.fence.aligned
  %r = nvg.wgmma %d, %d, %use {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  %next = llvm.add %i, %one : i64
  %more = llvm.icmp "slt" %next, %n : i64
  llvm.cond_br %more, ^body(%next : i64), ^exit
^exit:
  llvm.return
}

// The zero is added to the address itself; what else goes into the descriptor
// stays where it is formed.
// TWO-LABEL: llvm.func @from_address
// TWO-NOT: llvm.inline_asm
// TWO: llvm.return
// CHECK-LABEL: llvm.func @from_address
// CHECK-SAME: %[[WARP:[^:]*]]: i32
// CHECK: %[[SMEM:.*]] = llvm.mlir.addressof @smem
// CHECK: %[[Z:.*]] = llvm.inline_asm
// CHECK: %[[P:.*]] = llvm.getelementptr %[[SMEM]][%[[Z]]]
// CHECK-NEXT: %[[B:.*]] = llvm.getelementptr %[[P]][8192]
// CHECK-NEXT: %[[I:.*]] = llvm.ptrtoint %[[B]]
// CHECK-NEXT: %[[S:.*]] = llvm.lshr %[[I]], %{{.*}}
// CHECK-NEXT: %[[W:.*]] = llvm.add %[[S]], %[[WARP]]
// CHECK-NEXT: %[[D:.*]] = llvm.zext %[[W]] : i32 to i64
// CHECK-NEXT: nvg.wgmma %[[D]], %[[D]],
// CHECK: ^{{.*}}:
// CHECK: nvg.wgmma
llvm.func @from_address(%warp: i32, %n: i32, %use: i1) {
  %smem = llvm.mlir.addressof @smem : !llvm.ptr<3>
  %i0 = llvm.mlir.constant(0 : i32) : i32
  %one = llvm.mlir.constant(1 : i32) : i32
  %four = llvm.mlir.constant(4 : i32) : i32
  llvm.br ^body(%i0 : i32)
^body(%i: i32):
  %b = llvm.getelementptr %smem[8192] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
  %p = llvm.ptrtoint %b : !llvm.ptr<3> to i32
  %s = llvm.lshr %p, %four : i32
  %w = llvm.add %s, %warp : i32
  %d = llvm.zext %w : i32 to i64
  nvvm.wgmma.fence.aligned
  %r = nvg.wgmma %d, %d, %use {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  %next = llvm.add %i, %one : i32
  %more = llvm.icmp "slt" %next, %n : i32
  llvm.cond_br %more, ^body(%next : i32), ^exit
^exit:
  // Behind the loop nothing repeats.
  nvvm.wgmma.fence.aligned
  %q = nvg.wgmma %d, %d, %use {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  llvm.return
}

// An address of 16 bits.
// CHECK-LABEL: llvm.func @short_address
// CHECK-SAME: %[[ADDR:[^:]*]]: i16
// CHECK: %[[Z:.*]] = llvm.inline_asm has_side_effects
// CHECK: %[[Z16:.*]] = llvm.trunc %[[Z]] : i32 to i16
// CHECK-NEXT: %[[SUM:.*]] = llvm.add %[[ADDR]], %[[Z16]] : i16
// CHECK-NEXT: %[[D:.*]] = llvm.zext %[[SUM]] : i16 to i64
// CHECK-NEXT: nvg.wgmma %[[D]], %[[D]],
llvm.func @short_address(%addr: i16, %n: i32, %use: i1) {
  %i0 = llvm.mlir.constant(0 : i32) : i32
  %one = llvm.mlir.constant(1 : i32) : i32
  llvm.br ^body(%i0 : i32)
^body(%i: i32):
  %d = llvm.zext %addr : i16 to i64
  nvvm.wgmma.fence.aligned
  %r = nvg.wgmma %d, %d, %use {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  %next = llvm.add %i, %one : i32
  %more = llvm.icmp "slt" %next, %n : i32
  llvm.cond_br %more, ^body(%next : i32), ^exit
^exit:
  llvm.return
}

// One descriptor counts for both loops that have products with it; the inner
// loop, with one of its own, goes with the outer one.
// TWO-LABEL: llvm.func @shared
// TWO: ^{{.*}}(%[[I:.*]]: i32):
// TWO: llvm.inline_asm {{.*}} %[[I]] : (i32) -> i32
// TWO: nvg.wgmma
// TWO: ^{{.*}}(%[[J:.*]]: i32):
// TWO: llvm.inline_asm {{.*}} %[[J]] : (i32) -> i32
// TWO: nvg.wgmma
llvm.func @shared(%addr: i32, %n: i32, %use: i1) {
  %i0 = llvm.mlir.constant(0 : i32) : i32
  %one = llvm.mlir.constant(1 : i32) : i32
  %mask = llvm.mlir.constant(16383 : i32) : i32
  %low = llvm.and %addr, %mask : i32
  %d = llvm.zext %low : i32 to i64
  llvm.br ^outer(%i0 : i32)
^outer(%i: i32):
  nvvm.wgmma.fence.aligned
  %q = nvg.wgmma %d, %d, %use {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  llvm.br ^inner(%i0 : i32)
^inner(%j: i32):
  nvvm.wgmma.fence.aligned
  %r = nvg.wgmma %d, %d, %use {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  %nextj = llvm.add %j, %one : i32
  %morej = llvm.icmp "slt" %nextj, %n : i32
  llvm.cond_br %morej, ^inner(%nextj : i32), ^latch
^latch:
  %next = llvm.add %i, %one : i32
  %more = llvm.icmp "slt" %next, %n : i32
  llvm.cond_br %more, ^outer(%next : i32), ^exit
^exit:
  llvm.return
}
