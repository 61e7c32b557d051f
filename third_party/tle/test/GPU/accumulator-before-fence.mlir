// RUN: tle-opt %s -triton-tle-accumulator-before-fence | FileCheck %s
// RUN: tle-opt %s -triton-tle-accumulator-before-fence=hoist-descriptors=true | FileCheck %s --check-prefix=HOIST

// Constants, their packing, and a rescaled accumulator stand before the fence.
// CHECK-LABEL: llvm.func @zeros
// CHECK: llvm.insertvalue
// CHECK: %[[C:.*]] = llvm.insertvalue
// CHECK: %[[E0:.*]] = llvm.extractvalue %[[C]][0]
// CHECK: %[[E1:.*]] = llvm.extractvalue %[[C]][1]
// CHECK: %[[PIN:.*]] = llvm.inline_asm has_side_effects asm_dialect = att "// accumulator", "=f,=f,0,1" %[[E0]], %[[E1]] : (f32, f32) -> !llvm.struct<(f32, f32)>
// CHECK-NEXT: nvvm.wgmma.fence.aligned
// CHECK-NEXT: nvg.wgmma %{{.*}}, %{{.*}}, %{{.*}}, %[[PIN]]
// CHECK-NEXT: nvvm.wgmma.commit.group.sync.aligned
llvm.func @zeros(%d: i64, %use: i1) -> !llvm.struct<(f32, f32)> {
  nvvm.wgmma.fence.aligned
  %zero = llvm.mlir.constant(0.0 : f32) : f32
  %u = llvm.mlir.undef : !llvm.struct<(f32, f32)>
  %c0 = llvm.insertvalue %zero, %u[0] : !llvm.struct<(f32, f32)>
  %c = llvm.insertvalue %zero, %c0[1] : !llvm.struct<(f32, f32)>
  %r = nvg.wgmma %d, %d, %use, %c {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1, !llvm.struct<(f32, f32)>) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  %w = nvg.wgmma_wait_group %r {pendings = 0 : i32} : !llvm.struct<(f32, f32)>
  llvm.return %w : !llvm.struct<(f32, f32)>
}

// CHECK-LABEL: llvm.func @rescaled
// CHECK: llvm.fmul
// CHECK: llvm.fmul
// CHECK: llvm.inline_asm {{.*}}"// accumulator"
// CHECK-NEXT: nvvm.wgmma.fence.aligned
// CHECK-NEXT: nvg.wgmma
llvm.func @rescaled(%x: !llvm.struct<(f32, f32)>, %alpha: f32, %d: i64, %use: i1) -> !llvm.struct<(f32, f32)> {
  %w = nvg.wgmma_wait_group %x {pendings = 0 : i32} : !llvm.struct<(f32, f32)>
  %x0 = llvm.extractvalue %w[0] : !llvm.struct<(f32, f32)>
  %x1 = llvm.extractvalue %w[1] : !llvm.struct<(f32, f32)>
  nvvm.wgmma.fence.aligned
  %y0 = llvm.fmul %x0, %alpha : f32
  %y1 = llvm.fmul %x1, %alpha : f32
  %u = llvm.mlir.undef : !llvm.struct<(f32, f32)>
  %c0 = llvm.insertvalue %y0, %u[0] : !llvm.struct<(f32, f32)>
  %c = llvm.insertvalue %y1, %c0[1] : !llvm.struct<(f32, f32)>
  %r = nvg.wgmma %d, %d, %use, %c {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1, !llvm.struct<(f32, f32)>) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  llvm.return %r : !llvm.struct<(f32, f32)>
}

// What a wait hands on is in registers already, repacked or not.
// CHECK-LABEL: llvm.func @from_wait
// CHECK-NOT: llvm.inline_asm
// CHECK: llvm.return
llvm.func @from_wait(%x: !llvm.struct<(f32, f32)>, %d: i64, %use: i1) -> !llvm.struct<(f32, f32)> {
  %w = nvg.wgmma_wait_group %x {pendings = 0 : i32} : !llvm.struct<(f32, f32)>
  %x0 = llvm.extractvalue %w[0] : !llvm.struct<(f32, f32)>
  %x1 = llvm.extractvalue %w[1] : !llvm.struct<(f32, f32)>
  %u = llvm.mlir.undef : !llvm.struct<(f32, f32)>
  %c0 = llvm.insertvalue %x0, %u[0] : !llvm.struct<(f32, f32)>
  %c = llvm.insertvalue %x1, %c0[1] : !llvm.struct<(f32, f32)>
  nvvm.wgmma.fence.aligned
  %r = nvg.wgmma %d, %d, %use, %c {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1, !llvm.struct<(f32, f32)>) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  llvm.return %r : !llvm.struct<(f32, f32)>
}

// An accumulator that a loop carries is pinned where it enters the loop, not
// on the way back.
// CHECK-LABEL: llvm.func @loop
// CHECK: %[[PIN:.*]] = llvm.inline_asm {{.*}}"// accumulator"
// CHECK-NEXT: llvm.br ^[[H:.*]](%{{.*}}, %[[PIN]] :
// CHECK: ^[[H]](
// CHECK: nvvm.wgmma.fence.aligned
// CHECK-NEXT: nvg.wgmma
// CHECK-NOT: llvm.inline_asm
// CHECK: llvm.return
llvm.func @loop(%n: i32, %d: i64, %use: i1) -> !llvm.struct<(f32, f32)> {
  %zero = llvm.mlir.constant(0.0 : f32) : f32
  %i0 = llvm.mlir.constant(0 : i32) : i32
  %one = llvm.mlir.constant(1 : i32) : i32
  %u = llvm.mlir.undef : !llvm.struct<(f32, f32)>
  %c0 = llvm.insertvalue %zero, %u[0] : !llvm.struct<(f32, f32)>
  %c1 = llvm.insertvalue %zero, %c0[1] : !llvm.struct<(f32, f32)>
  llvm.br ^header(%i0, %c1 : i32, !llvm.struct<(f32, f32)>)
^header(%i: i32, %c: !llvm.struct<(f32, f32)>):
  %more = llvm.icmp "slt" %i, %n : i32
  llvm.cond_br %more, ^body, ^exit
^body:
  nvvm.wgmma.fence.aligned
  %r = nvg.wgmma %d, %d, %use, %c {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1, !llvm.struct<(f32, f32)>) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  %w = nvg.wgmma_wait_group %r {pendings = 1 : i32} : !llvm.struct<(f32, f32)>
  %next = llvm.add %i, %one : i32
  llvm.br ^header(%next, %w : i32, !llvm.struct<(f32, f32)>)
^exit:
  %e = nvg.wgmma_wait_group %c {pendings = 0 : i32} : !llvm.struct<(f32, f32)>
  llvm.return %e : !llvm.struct<(f32, f32)>
}

// Descriptors stay next to their product, unless asked for.
// CHECK-LABEL: llvm.func @descriptors
// CHECK: nvvm.wgmma.fence.aligned
// CHECK-NEXT: llvm.add
// CHECK-NEXT: nvg.wgmma
// CHECK-NEXT: llvm.add
// CHECK-NEXT: nvg.wgmma
// CHECK-NEXT: nvvm.wgmma.commit.group.sync.aligned
// HOIST-LABEL: llvm.func @descriptors
// HOIST: llvm.add
// HOIST: llvm.add
// HOIST: nvvm.wgmma.fence.aligned
// HOIST-NEXT: nvg.wgmma
// HOIST-NEXT: nvg.wgmma
// HOIST-NEXT: nvvm.wgmma.commit.group.sync.aligned
llvm.func @descriptors(%base: i64, %c1: i64, %c2: i64, %use: i1) -> !llvm.struct<(f32, f32)> {
  nvvm.wgmma.fence.aligned
  %d0 = llvm.add %base, %c1 : i64
  %r0 = nvg.wgmma %d0, %d0, %use {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1) -> !llvm.struct<(f32, f32)>
  %d1 = llvm.add %base, %c2 : i64
  %r1 = nvg.wgmma %d1, %d1, %use, %r0 {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1, !llvm.struct<(f32, f32)>) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  llvm.return %r1 : !llvm.struct<(f32, f32)>
}

// A use of a product goes behind the commit.
// CHECK-LABEL: llvm.func @late
// CHECK: nvg.wgmma
// CHECK-NEXT: nvvm.wgmma.commit.group.sync.aligned
// CHECK-NEXT: llvm.extractvalue
llvm.func @late(%d: i64, %use: i1) -> f32 {
  nvvm.wgmma.fence.aligned
  %r = nvg.wgmma %d, %d, %use {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1) -> !llvm.struct<(f32, f32)>
  %x = llvm.extractvalue %r[0] : !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  llvm.return %x : f32
}

// A group that goes on with the accumulator of the one before needs no fence.
// CHECK-LABEL: llvm.func @chained
// CHECK: nvvm.wgmma.fence.aligned
// CHECK: nvvm.wgmma.commit.group.sync.aligned
// CHECK-NOT: nvvm.wgmma.fence.aligned
// CHECK: nvvm.wgmma.commit.group.sync.aligned
llvm.func @chained(%d: i64, %use: i1) -> !llvm.struct<(f32, f32)> {
  nvvm.wgmma.fence.aligned
  %r = nvg.wgmma %d, %d, %use {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  %x0 = llvm.extractvalue %r[0] : !llvm.struct<(f32, f32)>
  %x1 = llvm.extractvalue %r[1] : !llvm.struct<(f32, f32)>
  %u = llvm.mlir.undef : !llvm.struct<(f32, f32)>
  %c0 = llvm.insertvalue %x0, %u[0] : !llvm.struct<(f32, f32)>
  %c = llvm.insertvalue %x1, %c0[1] : !llvm.struct<(f32, f32)>
  nvvm.wgmma.fence.aligned
  %q = nvg.wgmma %d, %d, %use, %c {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1, !llvm.struct<(f32, f32)>) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  llvm.return %q : !llvm.struct<(f32, f32)>
}

// Threads that touch the accumulator, A in registers, or a barrier in between:
// the fence stays.
// CHECK-LABEL: llvm.func @touched
// CHECK-COUNT-2: nvvm.wgmma.fence.aligned
llvm.func @touched(%d: i64, %use: i1, %p: !llvm.ptr<3>) -> !llvm.struct<(f32, f32)> {
  nvvm.wgmma.fence.aligned
  %r = nvg.wgmma %d, %d, %use {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  %x0 = llvm.extractvalue %r[0] : !llvm.struct<(f32, f32)>
  %y0 = llvm.fadd %x0, %x0 : f32
  %c = llvm.insertvalue %y0, %r[0] : !llvm.struct<(f32, f32)>
  nvvm.wgmma.fence.aligned
  %q = nvg.wgmma %d, %d, %use, %c {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1, !llvm.struct<(f32, f32)>) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  llvm.return %q : !llvm.struct<(f32, f32)>
}

// CHECK-LABEL: llvm.func @registers
// CHECK-COUNT-2: nvvm.wgmma.fence.aligned
llvm.func @registers(%a: !llvm.struct<(i32, i32, i32, i32)>, %d: i64, %use: i1) -> !llvm.struct<(f32, f32)> {
  nvvm.wgmma.fence.aligned
  %r = nvg.wgmma %d, %d, %use {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  nvvm.wgmma.fence.aligned
  %q = nvg.wgmma %a, %d, %use, %r {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (!llvm.struct<(i32, i32, i32, i32)>, i64, i1, !llvm.struct<(f32, f32)>) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  llvm.return %q : !llvm.struct<(f32, f32)>
}

// CHECK-LABEL: llvm.func @barrier
// CHECK-COUNT-2: nvvm.wgmma.fence.aligned
llvm.func @barrier(%d: i64, %use: i1) -> !llvm.struct<(f32, f32)> {
  nvvm.wgmma.fence.aligned
  %r = nvg.wgmma %d, %d, %use {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  nvvm.barrier0
  nvvm.wgmma.fence.aligned
  %q = nvg.wgmma %d, %d, %use, %r {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1, !llvm.struct<(f32, f32)>) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  llvm.return %q : !llvm.struct<(f32, f32)>
}

// CHECK-LABEL: llvm.func @whole
// CHECK-COUNT-2: nvvm.wgmma.fence.aligned
llvm.func @whole(%d: i64, %use: i1) -> !llvm.struct<(f32, f32)> {
  nvvm.wgmma.fence.aligned
  %r = nvg.wgmma %d, %d, %use {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  %x = llvm.extractvalue %r[] : !llvm.struct<(f32, f32)>
  %y = llvm.freeze %x : !llvm.struct<(f32, f32)>
  nvvm.wgmma.fence.aligned
  %q = nvg.wgmma %d, %d, %use, %r {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1, !llvm.struct<(f32, f32)>) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  llvm.return %q : !llvm.struct<(f32, f32)>
}

// Three groups in a chain, the last with an accumulator of its own: one fence.
// CHECK-LABEL: llvm.func @chain_of_three
// CHECK-NEXT: nvvm.wgmma.fence.aligned
// CHECK-NEXT: nvg.wgmma
// CHECK-NEXT: nvvm.wgmma.commit.group.sync.aligned
// CHECK-NEXT: nvg.wgmma
// CHECK-NEXT: nvvm.wgmma.commit.group.sync.aligned
// CHECK-NEXT: nvg.wgmma
// CHECK-NEXT: nvvm.wgmma.commit.group.sync.aligned
// CHECK-NEXT: llvm.return
llvm.func @chain_of_three(%d: i64, %use: i1, %no: i1) -> !llvm.struct<(f32, f32)> {
  nvvm.wgmma.fence.aligned
  %r = nvg.wgmma %d, %d, %use {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  nvvm.wgmma.fence.aligned
  %q = nvg.wgmma %d, %d, %use, %r {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1, !llvm.struct<(f32, f32)>) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  nvvm.wgmma.fence.aligned
  %p = nvg.wgmma %d, %d, %no {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  llvm.return %q : !llvm.struct<(f32, f32)>
}

// The second group starts from zeros that are formed behind the first one:
// they are ready before its own fence, which stays.
// CHECK-LABEL: llvm.func @zeros_between
// CHECK: nvvm.wgmma.commit.group.sync.aligned
// CHECK: llvm.inline_asm {{.*}}"// accumulator"
// CHECK-NEXT: nvvm.wgmma.fence.aligned
// CHECK-NEXT: nvg.wgmma
// CHECK-NEXT: nvvm.wgmma.commit.group.sync.aligned
llvm.func @zeros_between(%d: i64, %use: i1) -> !llvm.struct<(f32, f32)> {
  nvvm.wgmma.fence.aligned
  %r = nvg.wgmma %d, %d, %use {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  nvvm.wgmma.fence.aligned
  %zero = llvm.mlir.constant(0.0 : f32) : f32
  %u = llvm.mlir.undef : !llvm.struct<(f32, f32)>
  %c0 = llvm.insertvalue %zero, %u[0] : !llvm.struct<(f32, f32)>
  %c = llvm.insertvalue %zero, %c0[1] : !llvm.struct<(f32, f32)>
  %q = nvg.wgmma %d, %d, %use, %c {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1, !llvm.struct<(f32, f32)>) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  llvm.return %q : !llvm.struct<(f32, f32)>
}

// In a block that nothing reaches a value may be made of itself.
// CHECK-LABEL: llvm.func @circles
// CHECK: llvm.return
// CHECK: nvg.wgmma
llvm.func @circles(%d: i64, %use: i1) {
  llvm.return
^unreached:
  %c = llvm.insertvalue %x, %c[0] : !llvm.struct<(f32, f32)>
  %x = llvm.extractvalue %c[0] : !llvm.struct<(f32, f32)>
  nvvm.wgmma.fence.aligned
  %e = llvm.add %e, %d : i64
  %r = nvg.wgmma %e, %e, %use, %c {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 1 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1, !llvm.struct<(f32, f32)>) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  llvm.br ^unreached
}
