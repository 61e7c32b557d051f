// RUN: tle-opt %s -triton-tle-guard-wgmma-accumulators | FileCheck %s
// RUN: tle-opt %s -triton-tle-guard-wgmma-accumulators -triton-tle-guard-wgmma-accumulators | FileCheck %s

// CHECK: #[[UNROLL:.*]] = #llvm.loop_unroll<disable = true>
// CHECK: #[[KEEP:.*]] = #llvm.loop_annotation<unroll = #[[UNROLL]]>
// CHECK: #[[BOTH:.*]] = #llvm.loop_annotation<unroll = #[[UNROLL]], licm = #{{.*}}>

// Read between two groups: a branch before the second, one condition for all.
// CHECK-LABEL: llvm.func @read_between
// CHECK: %[[TRUE:.*]] = llvm.inline_asm has_side_effects {{.*}}%nctaid.x
// CHECK: nvvm.wgmma.fence.aligned
// CHECK: llvm.fadd
// CHECK: llvm.cond_br %[[TRUE]], ^[[GROUP:bb[0-9]+]], ^[[NEVER:bb[0-9]+]]
// CHECK: ^[[GROUP]]:
// CHECK-NEXT: nvvm.wgmma.fence.aligned
// CHECK: llvm.fadd
// CHECK: llvm.cond_br %[[TRUE]]
// CHECK: nvvm.wgmma.fence.aligned
// CHECK-NOT: llvm.cond_br
// CHECK: llvm.return
llvm.func @read_between(%a: i64, %b: i64, %x: f32) -> f32 {
  %true = llvm.mlir.constant(true) : i1
  %false = llvm.mlir.constant(false) : i1
  nvvm.wgmma.fence.aligned
  %d0 = nvg.wgmma %a, %b, %false {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 0 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  %w0 = nvg.wgmma_wait_group %d0 {pendings = 0 : i32} : !llvm.struct<(f32, f32)>
  %e0 = llvm.extractvalue %w0[0] : !llvm.struct<(f32, f32)>
  %e1 = llvm.extractvalue %w0[1] : !llvm.struct<(f32, f32)>
  %s0 = llvm.fadd %e0, %x : f32
  %u = llvm.mlir.undef : !llvm.struct<(f32, f32)>
  %u0 = llvm.insertvalue %e0, %u[0] : !llvm.struct<(f32, f32)>
  %u1 = llvm.insertvalue %e1, %u0[1] : !llvm.struct<(f32, f32)>
  nvvm.wgmma.fence.aligned
  %d1 = nvg.wgmma %a, %b, %true, %u1 {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 0 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1, !llvm.struct<(f32, f32)>) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  %w1 = nvg.wgmma_wait_group %d1 {pendings = 0 : i32} : !llvm.struct<(f32, f32)>
  %e2 = llvm.extractvalue %w1[0] : !llvm.struct<(f32, f32)>
  %s1 = llvm.fadd %e2, %x : f32
  nvvm.wgmma.fence.aligned
  %d2 = nvg.wgmma %a, %b, %true, %w1 {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 0 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1, !llvm.struct<(f32, f32)>) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  %w2 = nvg.wgmma_wait_group %d2 {pendings = 0 : i32} : !llvm.struct<(f32, f32)>
  %e3 = llvm.extractvalue %w2[0] : !llvm.struct<(f32, f32)>
  %t = llvm.fadd %s0, %s1 : f32
  %r = llvm.fadd %t, %e3 : f32
  llvm.return %r : f32
}

// Scaled first: the product starts from values that nobody else has read.
// CHECK-LABEL: llvm.func @scaled
// CHECK-NOT: llvm.cond_br
// CHECK: llvm.return
llvm.func @scaled(%a: i64, %b: i64, %x: f32) -> f32 {
  %true = llvm.mlir.constant(true) : i1
  %false = llvm.mlir.constant(false) : i1
  nvvm.wgmma.fence.aligned
  %d0 = nvg.wgmma %a, %b, %false {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 0 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  %w0 = nvg.wgmma_wait_group %d0 {pendings = 0 : i32} : !llvm.struct<(f32, f32)>
  %e0 = llvm.extractvalue %w0[0] : !llvm.struct<(f32, f32)>
  %e1 = llvm.extractvalue %w0[1] : !llvm.struct<(f32, f32)>
  %s0 = llvm.fmul %e0, %x : f32
  %s1 = llvm.fmul %e1, %x : f32
  %u = llvm.mlir.undef : !llvm.struct<(f32, f32)>
  %u0 = llvm.insertvalue %s0, %u[0] : !llvm.struct<(f32, f32)>
  %u1 = llvm.insertvalue %s1, %u0[1] : !llvm.struct<(f32, f32)>
  nvvm.wgmma.fence.aligned
  %d1 = nvg.wgmma %a, %b, %true, %u1 {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 0 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1, !llvm.struct<(f32, f32)>) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  %w1 = nvg.wgmma_wait_group %d1 {pendings = 0 : i32} : !llvm.struct<(f32, f32)>
  %r = llvm.extractvalue %w1[0] : !llvm.struct<(f32, f32)>
  llvm.return %r : f32
}

// A loop that only accumulates, its result read behind: no branch. One that
// also reads what it carries: a branch. Neither is unrolled.
// CHECK-LABEL: llvm.func @accumulates
// CHECK-NOT: nctaid
// CHECK: llvm.br ^bb1(%{{.*}} : i32, !llvm.struct<(f32, f32)>){{$}}
// CHECK: llvm.br ^bb1({{.*}}) {loop_annotation = #[[KEEP]]}
// CHECK: llvm.return
llvm.func @accumulates(%a: i64, %b: i64, %n: i32, %zero: !llvm.struct<(f32, f32)>) -> f32 {
  %true = llvm.mlir.constant(true) : i1
  %one = llvm.mlir.constant(1 : i32) : i32
  llvm.br ^loop(%n, %zero : i32, !llvm.struct<(f32, f32)>)
^loop(%i: i32, %acc: !llvm.struct<(f32, f32)>):
  %more = llvm.icmp "sgt" %i, %one : i32
  llvm.cond_br %more, ^body, ^end
^body:
  nvvm.wgmma.fence.aligned
  %d = nvg.wgmma %a, %b, %true, %acc {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 0 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1, !llvm.struct<(f32, f32)>) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  %w = nvg.wgmma_wait_group %d {pendings = 0 : i32} : !llvm.struct<(f32, f32)>
  %j = llvm.sub %i, %one : i32
  llvm.br ^loop(%j, %w : i32, !llvm.struct<(f32, f32)>)
^end:
  %r = llvm.extractvalue %acc[0] : !llvm.struct<(f32, f32)>
  %s = llvm.fadd %r, %r : f32
  llvm.return %s : f32
}

// CHECK-LABEL: llvm.func @reads_what_it_carries
// CHECK: nctaid
// CHECK: llvm.fadd
// CHECK: llvm.cond_br
// CHECK: nvvm.wgmma.fence.aligned
llvm.func @reads_what_it_carries(%a: i64, %b: i64, %n: i32, %zero: !llvm.struct<(f32, f32)>, %p: !llvm.ptr) {
  %true = llvm.mlir.constant(true) : i1
  %one = llvm.mlir.constant(1 : i32) : i32
  llvm.br ^loop(%n, %zero : i32, !llvm.struct<(f32, f32)>)
^loop(%i: i32, %acc: !llvm.struct<(f32, f32)>):
  %more = llvm.icmp "sgt" %i, %one : i32
  llvm.cond_br %more, ^body, ^end
^body:
  %e = llvm.extractvalue %acc[0] : !llvm.struct<(f32, f32)>
  %s = llvm.fadd %e, %e : f32
  llvm.store %s, %p : f32, !llvm.ptr
  nvvm.wgmma.fence.aligned
  %d = nvg.wgmma %a, %b, %true, %acc {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 0 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1, !llvm.struct<(f32, f32)>) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  %w = nvg.wgmma_wait_group %d {pendings = 0 : i32} : !llvm.struct<(f32, f32)>
  %j = llvm.sub %i, %one : i32
  llvm.br ^loop(%j, %w : i32, !llvm.struct<(f32, f32)>)
^end:
  llvm.return
}

// A loop around one with products has them, too, and keeps what else is asked
// of it; one without stays as it is.
// CHECK-LABEL: llvm.func @loops
// CHECK: llvm.cond_br %{{.*}}, ^bb2, ^bb3 {loop_annotation = #[[KEEP]]}
// CHECK: llvm.cond_br %{{.*}}, ^bb1, ^bb4 {loop_annotation = #[[BOTH]]}
// CHECK: llvm.cond_br %{{.*}}, ^bb4, ^bb5{{$}}
llvm.func @loops(%a: i64, %b: i64, %more: i1, %zero: !llvm.struct<(f32, f32)>) {
  %true = llvm.mlir.constant(true) : i1
  llvm.br ^outer
^outer:
  llvm.br ^inner
^inner:
  nvvm.wgmma.fence.aligned
  %d = nvg.wgmma %a, %b, %true, %zero {eltTypeA = 5 : i32, eltTypeB = 5 : i32, eltTypeC = 7 : i32, k = 16 : i32, layoutA = 0 : i32, layoutB = 0 : i32, m = 64 : i32, n = 8 : i32} : (i64, i64, i1, !llvm.struct<(f32, f32)>) -> !llvm.struct<(f32, f32)>
  nvvm.wgmma.commit.group.sync.aligned
  %w = nvg.wgmma_wait_group %d {pendings = 0 : i32} : !llvm.struct<(f32, f32)>
  llvm.cond_br %more, ^inner, ^latch
^latch:
  llvm.cond_br %more, ^outer, ^other {loop_annotation = #llvm.loop_annotation<licm = <disable = true>>}
^other:
  llvm.cond_br %more, ^other, ^end
^end:
  llvm.return
}
