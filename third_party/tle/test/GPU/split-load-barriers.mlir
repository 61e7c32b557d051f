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
