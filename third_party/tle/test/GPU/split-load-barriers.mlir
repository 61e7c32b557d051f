// RUN: tle-opt %s -triton-tle-split-load-barriers | FileCheck %s
// RUN: tle-opt %s -triton-tle-split-load-barriers -triton-tle-split-load-barriers | FileCheck %s

// Threads 0 to 63 start loads: they wait, the others go on. The barrier between the announcement and the load, and that
// at the beginning of an iteration, separate nothing. All warps meet behind the loop.
// CHECK-LABEL: llvm.func @loop
// CHECK: %[[COUNT:.+]] = llvm.alloca
// CHECK: llvm.store %{{.+}}, %[[COUNT]]
// CHECK: nvvm.barrier0
// CHECK: mbarrier.arrive.expect_tx
// CHECK-NOT: nvvm.barrier0
// CHECK: mbarrier.try_wait
// CHECK-NOT: nvvm.barrier0
// CHECK: %[[NUMBER:.+]] = llvm.load %[[COUNT]]
// CHECK: llvm.inline_asm has_side_effects asm_dialect = att "{ .reg .pred q; setp.lt.u32 q, $0, 64; @q bar.sync $1, 256; @!q bar.arrive $1, 256; }", "r,r" %{{.+}}, %[[NUMBER]]
// CHECK: llvm.icmp "eq" %[[NUMBER]]
// CHECK: llvm.store %{{.+}}, %[[COUNT]]
// CHECK: mbarrier.arrive.expect_tx
// CHECK-NOT: nvvm.barrier0
// CHECK: cp.async.bulk.tensor
// CHECK-NOT: nvvm.barrier0
// CHECK: llvm.cond_br
// CHECK: ^bb2
// CHECK: nvvm.barrier0
// CHECK-NEXT: llvm.return
llvm.func @__nv_exp2f(f32) -> f32
llvm.func @loop(%b: i1, %ring: !llvm.ptr<3>, %tile: !llvm.ptr<3>, %desc: !llvm.ptr, %x: i32, %f: f32) attributes {nvvm.reqntid = array<i32: 256>} {
  %zero = llvm.mlir.constant(0 : i32) : i32
  %mask = llvm.mlir.constant(255 : i32) : i32
  %some = llvm.mlir.constant(64 : i32) : i32
  %tid = nvvm.read.ptx.sreg.tid.x : i32
  %thread = llvm.and %tid, %mask : i32
  %first = llvm.icmp "eq" %thread, %zero : i32
  %loads = llvm.icmp "ult" %thread, %some : i32
  nvvm.barrier0
  llvm.inline_asm has_side_effects "@$0 mbarrier.arrive.expect_tx.shared.b64 _, [$1], 32768;", "b,r" %first, %ring : (i1, !llvm.ptr<3>) -> ()
  llvm.br ^loop
^loop:
  nvvm.barrier0
  %slot = llvm.getelementptr %ring[%x] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i64
  llvm.inline_asm has_side_effects "{ .reg .pred complete; waitLoop: mbarrier.try_wait.parity.shared.b64 complete, [$0], $1; @!complete bra.uni waitLoop; }", "r,r" %slot, %x : (!llvm.ptr<3>, i32) -> ()
  nvvm.wgmma.fence.aligned
  nvvm.wgmma.commit.group.sync.aligned
  nvvm.barrier0
  %p = llvm.and %first, %b : i1
  llvm.inline_asm has_side_effects "@$0 mbarrier.arrive.expect_tx.shared.b64 _, [$1], 32768;", "b,r" %p, %slot : (i1, !llvm.ptr<3>) -> ()
  nvvm.barrier0
  %y = llvm.call @__nv_exp2f(%f) : (f32) -> f32
  %one = nvvm.elect.sync -> i1
  %q = llvm.and %one, %loads : i1
  llvm.inline_asm has_side_effects "@$0 cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [$1], [$2, {$3, $4}], [$5];", "b,r,l,r,r,r" %q, %tile, %desc, %x, %x, %slot : (i1, !llvm.ptr<3>, !llvm.ptr, i32, i32, !llvm.ptr<3>) -> ()
  llvm.cond_br %b, ^loop, ^done
^done:
  llvm.return
}

// An access to memory beside the loads.
// CHECK-LABEL: llvm.func @store
// CHECK-NOT: bar.arrive
// CHECK: llvm.return
llvm.func @store(%b: i1, %ring: !llvm.ptr<3>, %tile: !llvm.ptr<3>, %desc: !llvm.ptr, %x: i32) attributes {nvvm.reqntid = array<i32: 256>} {
  %zero = llvm.mlir.constant(0 : i32) : i32
  %tid = nvvm.read.ptx.sreg.tid.x : i32
  %first = llvm.icmp "eq" %tid, %zero : i32
  llvm.br ^loop
^loop:
  llvm.inline_asm has_side_effects "{ .reg .pred complete; waitLoop: mbarrier.try_wait.parity.shared.b64 complete, [$0], $1; @!complete bra.uni waitLoop; }", "r,r" %ring, %x : (!llvm.ptr<3>, i32) -> ()
  nvvm.barrier0
  llvm.inline_asm has_side_effects "@$0 mbarrier.arrive.expect_tx.shared.b64 _, [$1], 32768;", "b,r" %first, %ring : (i1, !llvm.ptr<3>) -> ()
  llvm.inline_asm has_side_effects "@$0 cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [$1], [$2, {$3, $4}], [$5];", "b,r,l,r,r,r" %first, %tile, %desc, %x, %x, %ring : (i1, !llvm.ptr<3>, !llvm.ptr, i32, i32, !llvm.ptr<3>) -> ()
  llvm.store %x, %tile : i32, !llvm.ptr<3>
  llvm.cond_br %b, ^loop, ^done
^done:
  llvm.return
}

// The loop waits for another ring than it fills: nothing holds a warp back.
// CHECK-LABEL: llvm.func @other_ring
// CHECK-NOT: bar.arrive
// CHECK: llvm.return
llvm.func @other_ring(%b: i1, %ring: !llvm.ptr<3>, %other: !llvm.ptr<3>, %tile: !llvm.ptr<3>, %desc: !llvm.ptr, %x: i32) attributes {nvvm.reqntid = array<i32: 256>} {
  %zero = llvm.mlir.constant(0 : i32) : i32
  %tid = nvvm.read.ptx.sreg.tid.x : i32
  %first = llvm.icmp "eq" %tid, %zero : i32
  llvm.br ^loop
^loop:
  llvm.inline_asm has_side_effects "{ .reg .pred complete; waitLoop: mbarrier.try_wait.parity.shared.b64 complete, [$0], $1; @!complete bra.uni waitLoop; }", "r,r" %other, %x : (!llvm.ptr<3>, i32) -> ()
  nvvm.barrier0
  llvm.inline_asm has_side_effects "@$0 mbarrier.arrive.expect_tx.shared.b64 _, [$1], 32768;", "b,r" %first, %ring : (i1, !llvm.ptr<3>) -> ()
  llvm.inline_asm has_side_effects "@$0 cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [$1], [$2, {$3, $4}], [$5];", "b,r,l,r,r,r" %first, %tile, %desc, %x, %x, %ring : (i1, !llvm.ptr<3>, !llvm.ptr, i32, i32, !llvm.ptr<3>) -> ()
  llvm.cond_br %b, ^loop, ^done
^done:
  llvm.return
}

// Small tiles may have more slots than there are barriers; a predicate of unknown threads; a barrier that an iteration
// may go round.
// CHECK-LABEL: llvm.func @small_tile
// CHECK-NOT: bar.arrive
// CHECK-LABEL: llvm.func @unknown_threads
// CHECK-NOT: bar.arrive
// CHECK-LABEL: llvm.func @gone_round
// CHECK-NOT: bar.arrive
// CHECK: llvm.return
llvm.func @small_tile(%b: i1, %ring: !llvm.ptr<3>, %tile: !llvm.ptr<3>, %desc: !llvm.ptr, %x: i32) attributes {nvvm.reqntid = array<i32: 256>} {
  %zero = llvm.mlir.constant(0 : i32) : i32
  %tid = nvvm.read.ptx.sreg.tid.x : i32
  %first = llvm.icmp "eq" %tid, %zero : i32
  llvm.br ^loop
^loop:
  llvm.inline_asm has_side_effects "{ .reg .pred complete; waitLoop: mbarrier.try_wait.parity.shared.b64 complete, [$0], $1; @!complete bra.uni waitLoop; }", "r,r" %ring, %x : (!llvm.ptr<3>, i32) -> ()
  nvvm.barrier0
  llvm.inline_asm has_side_effects "@$0 mbarrier.arrive.expect_tx.shared.b64 _, [$1], 8192;", "b,r" %first, %ring : (i1, !llvm.ptr<3>) -> ()
  llvm.inline_asm has_side_effects "@$0 cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [$1], [$2, {$3, $4}], [$5];", "b,r,l,r,r,r" %first, %tile, %desc, %x, %x, %ring : (i1, !llvm.ptr<3>, !llvm.ptr, i32, i32, !llvm.ptr<3>) -> ()
  llvm.cond_br %b, ^loop, ^done
^done:
  llvm.return
}
llvm.func @unknown_threads(%b: i1, %ring: !llvm.ptr<3>, %tile: !llvm.ptr<3>, %desc: !llvm.ptr, %x: i32) attributes {nvvm.reqntid = array<i32: 256>} {
  llvm.br ^loop
^loop:
  llvm.inline_asm has_side_effects "{ .reg .pred complete; waitLoop: mbarrier.try_wait.parity.shared.b64 complete, [$0], $1; @!complete bra.uni waitLoop; }", "r,r" %ring, %x : (!llvm.ptr<3>, i32) -> ()
  nvvm.barrier0
  llvm.inline_asm has_side_effects "@$0 mbarrier.arrive.expect_tx.shared.b64 _, [$1], 32768;", "b,r" %b, %ring : (i1, !llvm.ptr<3>) -> ()
  llvm.inline_asm has_side_effects "@$0 cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [$1], [$2, {$3, $4}], [$5];", "b,r,l,r,r,r" %b, %tile, %desc, %x, %x, %ring : (i1, !llvm.ptr<3>, !llvm.ptr, i32, i32, !llvm.ptr<3>) -> ()
  llvm.cond_br %b, ^loop, ^done
^done:
  llvm.return
}
llvm.func @gone_round(%b: i1, %ring: !llvm.ptr<3>, %tile: !llvm.ptr<3>, %desc: !llvm.ptr, %x: i32) attributes {nvvm.reqntid = array<i32: 256>} {
  %zero = llvm.mlir.constant(0 : i32) : i32
  %tid = nvvm.read.ptx.sreg.tid.x : i32
  %first = llvm.icmp "eq" %tid, %zero : i32
  llvm.br ^loop
^loop:
  llvm.inline_asm has_side_effects "{ .reg .pred complete; waitLoop: mbarrier.try_wait.parity.shared.b64 complete, [$0], $1; @!complete bra.uni waitLoop; }", "r,r" %ring, %x : (!llvm.ptr<3>, i32) -> ()
  llvm.cond_br %b, ^load, ^latch
^load:
  nvvm.barrier0
  llvm.inline_asm has_side_effects "@$0 mbarrier.arrive.expect_tx.shared.b64 _, [$1], 32768;", "b,r" %first, %ring : (i1, !llvm.ptr<3>) -> ()
  llvm.inline_asm has_side_effects "@$0 cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [$1], [$2, {$3, $4}], [$5];", "b,r,l,r,r,r" %first, %tile, %desc, %x, %x, %ring : (i1, !llvm.ptr<3>, !llvm.ptr, i32, i32, !llvm.ptr<3>) -> ()
  llvm.br ^latch
^latch:
  llvm.cond_br %b, ^loop, ^done
^done:
  llvm.return
}

// One warp group has nothing to be ahead of; numbered barriers that are there already keep theirs; a barrier at the
// beginning of an iteration that follows a store separates something.
// CHECK-LABEL: llvm.func @one_group
// CHECK-NOT: bar.arrive
// CHECK-LABEL: llvm.func @numbered
// CHECK-NOT: bar.arrive
// CHECK-LABEL: llvm.func @store_before_loop
// CHECK-NOT: bar.arrive
// CHECK: llvm.return
llvm.func @one_group(%b: i1, %ring: !llvm.ptr<3>, %tile: !llvm.ptr<3>, %desc: !llvm.ptr, %x: i32) attributes {nvvm.reqntid = array<i32: 128>} {
  %zero = llvm.mlir.constant(0 : i32) : i32
  %tid = nvvm.read.ptx.sreg.tid.x : i32
  %first = llvm.icmp "eq" %tid, %zero : i32
  llvm.br ^loop
^loop:
  llvm.inline_asm has_side_effects "{ .reg .pred complete; waitLoop: mbarrier.try_wait.parity.shared.b64 complete, [$0], $1; @!complete bra.uni waitLoop; }", "r,r" %ring, %x : (!llvm.ptr<3>, i32) -> ()
  nvvm.barrier0
  llvm.inline_asm has_side_effects "@$0 mbarrier.arrive.expect_tx.shared.b64 _, [$1], 32768;", "b,r" %first, %ring : (i1, !llvm.ptr<3>) -> ()
  llvm.inline_asm has_side_effects "@$0 cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [$1], [$2, {$3, $4}], [$5];", "b,r,l,r,r,r" %first, %tile, %desc, %x, %x, %ring : (i1, !llvm.ptr<3>, !llvm.ptr, i32, i32, !llvm.ptr<3>) -> ()
  llvm.cond_br %b, ^loop, ^done
^done:
  llvm.return
}
llvm.func @numbered(%b: i1, %ring: !llvm.ptr<3>, %tile: !llvm.ptr<3>, %desc: !llvm.ptr, %x: i32) attributes {nvvm.reqntid = array<i32: 256>} {
  %zero = llvm.mlir.constant(0 : i32) : i32
  %tid = nvvm.read.ptx.sreg.tid.x : i32
  %first = llvm.icmp "eq" %tid, %zero : i32
  llvm.inline_asm has_side_effects "bar.sync 1, 256;", "" : () -> ()
  llvm.br ^loop
^loop:
  llvm.inline_asm has_side_effects "{ .reg .pred complete; waitLoop: mbarrier.try_wait.parity.shared.b64 complete, [$0], $1; @!complete bra.uni waitLoop; }", "r,r" %ring, %x : (!llvm.ptr<3>, i32) -> ()
  nvvm.barrier0
  llvm.inline_asm has_side_effects "@$0 mbarrier.arrive.expect_tx.shared.b64 _, [$1], 32768;", "b,r" %first, %ring : (i1, !llvm.ptr<3>) -> ()
  llvm.inline_asm has_side_effects "@$0 cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [$1], [$2, {$3, $4}], [$5];", "b,r,l,r,r,r" %first, %tile, %desc, %x, %x, %ring : (i1, !llvm.ptr<3>, !llvm.ptr, i32, i32, !llvm.ptr<3>) -> ()
  llvm.cond_br %b, ^loop, ^done
^done:
  llvm.return
}
llvm.func @store_before_loop(%b: i1, %ring: !llvm.ptr<3>, %tile: !llvm.ptr<3>, %desc: !llvm.ptr, %x: i32) attributes {nvvm.reqntid = array<i32: 256>} {
  %zero = llvm.mlir.constant(0 : i32) : i32
  %tid = nvvm.read.ptx.sreg.tid.x : i32
  %first = llvm.icmp "eq" %tid, %zero : i32
  nvvm.barrier0
  llvm.store %x, %tile : i32, !llvm.ptr<3>
  llvm.br ^loop
^loop:
  nvvm.barrier0
  llvm.inline_asm has_side_effects "{ .reg .pred complete; waitLoop: mbarrier.try_wait.parity.shared.b64 complete, [$0], $1; @!complete bra.uni waitLoop; }", "r,r" %ring, %x : (!llvm.ptr<3>, i32) -> ()
  nvvm.barrier0
  llvm.inline_asm has_side_effects "@$0 mbarrier.arrive.expect_tx.shared.b64 _, [$1], 32768;", "b,r" %first, %ring : (i1, !llvm.ptr<3>) -> ()
  llvm.inline_asm has_side_effects "@$0 cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [$1], [$2, {$3, $4}], [$5];", "b,r,l,r,r,r" %first, %tile, %desc, %x, %x, %ring : (i1, !llvm.ptr<3>, !llvm.ptr, i32, i32, !llvm.ptr<3>) -> ()
  llvm.cond_br %b, ^loop, ^done
^done:
  llvm.return
}

// Instructions that lack their operands are none of those.
// CHECK-LABEL: llvm.func @no_operands
// CHECK-NOT: bar.arrive
// CHECK: llvm.return
llvm.func @no_operands(%b: i1) attributes {nvvm.reqntid = array<i32: 256>} {
  llvm.br ^loop
^loop:
  llvm.inline_asm has_side_effects "{ .reg .pred complete; waitLoop: mbarrier.try_wait.parity.shared.b64 complete, [$0], $1; @!complete bra.uni waitLoop; }", "" : () -> ()
  nvvm.barrier0
  llvm.inline_asm has_side_effects "@$0 mbarrier.arrive.expect_tx.shared.b64 _, [$1], 32768;", "" : () -> ()
  llvm.inline_asm has_side_effects "@$0 cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [$1], [$2, {$3, $4}], [$5];", "" : () -> ()
  llvm.cond_br %b, ^loop, ^done
^done:
  llvm.return
}

// A long chain of conjunctions is not looked through.
// CHECK-LABEL: llvm.func @many_conjunctions
// CHECK-NOT: bar.arrive
// CHECK: llvm.return
llvm.func @many_conjunctions(%b: i1, %ring: !llvm.ptr<3>, %tile: !llvm.ptr<3>, %desc: !llvm.ptr, %x: i32) attributes {nvvm.reqntid = array<i32: 256>} {
  %zero = llvm.mlir.constant(0 : i32) : i32
  %tid = nvvm.read.ptx.sreg.tid.x : i32
  %a0 = llvm.icmp "eq" %tid, %zero : i32
  %a1 = llvm.and %a0, %a0 : i1
  %a2 = llvm.and %a1, %a1 : i1
  %a3 = llvm.and %a2, %a2 : i1
  %a4 = llvm.and %a3, %a3 : i1
  %a5 = llvm.and %a4, %a4 : i1
  %a6 = llvm.and %a5, %a5 : i1
  %a7 = llvm.and %a6, %a6 : i1
  %a8 = llvm.and %a7, %a7 : i1
  %a9 = llvm.and %a8, %a8 : i1
  %a10 = llvm.and %a9, %a9 : i1
  %a11 = llvm.and %a10, %a10 : i1
  %a12 = llvm.and %a11, %a11 : i1
  %a13 = llvm.and %a12, %a12 : i1
  %a14 = llvm.and %a13, %a13 : i1
  %a15 = llvm.and %a14, %a14 : i1
  %a16 = llvm.and %a15, %a15 : i1
  %a17 = llvm.and %a16, %a16 : i1
  %a18 = llvm.and %a17, %a17 : i1
  %a19 = llvm.and %a18, %a18 : i1
  %a20 = llvm.and %a19, %a19 : i1
  %a21 = llvm.and %a20, %a20 : i1
  %a22 = llvm.and %a21, %a21 : i1
  %a23 = llvm.and %a22, %a22 : i1
  %a24 = llvm.and %a23, %a23 : i1
  %a25 = llvm.and %a24, %a24 : i1
  %a26 = llvm.and %a25, %a25 : i1
  %a27 = llvm.and %a26, %a26 : i1
  %a28 = llvm.and %a27, %a27 : i1
  %a29 = llvm.and %a28, %a28 : i1
  %a30 = llvm.and %a29, %a29 : i1
  %a31 = llvm.and %a30, %a30 : i1
  %a32 = llvm.and %a31, %a31 : i1
  %a33 = llvm.and %a32, %a32 : i1
  %a34 = llvm.and %a33, %a33 : i1
  %a35 = llvm.and %a34, %a34 : i1
  %a36 = llvm.and %a35, %a35 : i1
  %a37 = llvm.and %a36, %a36 : i1
  %a38 = llvm.and %a37, %a37 : i1
  %a39 = llvm.and %a38, %a38 : i1
  %a40 = llvm.and %a39, %a39 : i1
  llvm.br ^loop
^loop:
  llvm.inline_asm has_side_effects "{ .reg .pred complete; waitLoop: mbarrier.try_wait.parity.shared.b64 complete, [$0], $1; @!complete bra.uni waitLoop; }", "r,r" %ring, %x : (!llvm.ptr<3>, i32) -> ()
  nvvm.barrier0
  llvm.inline_asm has_side_effects "@$0 mbarrier.arrive.expect_tx.shared.b64 _, [$1], 32768;", "b,r" %a40, %ring : (i1, !llvm.ptr<3>) -> ()
  llvm.inline_asm has_side_effects "@$0 cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [$1], [$2, {$3, $4}], [$5];", "b,r,l,r,r,r" %a40, %tile, %desc, %x, %x, %ring : (i1, !llvm.ptr<3>, !llvm.ptr, i32, i32, !llvm.ptr<3>) -> ()
  llvm.cond_br %b, ^loop, ^done
^done:
  llvm.return
}
