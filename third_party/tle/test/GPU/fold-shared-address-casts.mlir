// RUN: tle-opt %s -triton-tle-fold-shared-address-casts | FileCheck %s

#shared = #ttg.nvmma_shared<{swizzlingByteWidth = 128, transposed = false, elementBitWidth = 16}>
#bar = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory

// CHECK-LABEL: llvm.func @buffer
// CHECK-SAME: %[[S:.*]]: !llvm.struct<(ptr<3>, i32, i32)>
llvm.func @buffer(%s: !llvm.struct<(ptr<3>, i32, i32)>) -> i32 {
  // CHECK-NOT: unrealized_conversion_cast
  // CHECK: %[[P:.*]] = llvm.extractvalue %[[S]][0] : !llvm.struct<(ptr<3>, i32, i32)>
  // CHECK: %[[A:.*]] = llvm.ptrtoint %[[P]] : !llvm.ptr<3> to i32
  // CHECK: llvm.return %[[A]]
  %b = builtin.unrealized_conversion_cast %s : !llvm.struct<(ptr<3>, i32, i32)> to !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>
  %a = builtin.unrealized_conversion_cast %b : !ttg.memdesc<64x64xbf16, #shared, #smem, mutable> to i32
  llvm.return %a : i32
}

// A partition captures the buffer as it is: the struct is one more cast away.
// CHECK-LABEL: tt.func @captured
// CHECK-SAME: %[[B:.*]]: !ttg.memdesc<64x64xbf16
tt.func @captured(%b: !ttg.memdesc<64x64xbf16, #shared, #smem, mutable>) -> i32 {
  // CHECK: %[[S:.*]] = builtin.unrealized_conversion_cast %[[B]] : !ttg.memdesc<64x64xbf16, #shared, #smem, mutable> to !llvm.struct<(ptr<3>, i32, i32)>
  // CHECK: %[[P:.*]] = llvm.extractvalue %[[S]][0]
  // CHECK: llvm.ptrtoint %[[P]] : !llvm.ptr<3> to i32
  %a = builtin.unrealized_conversion_cast %b : !ttg.memdesc<64x64xbf16, #shared, #smem, mutable> to i32
  tt.return %a : i32
}

// The cast to a memdesc stays where something else needs it.
// CHECK-LABEL: llvm.func @other_use
llvm.func @other_use(%s: !llvm.struct<(ptr<3>, i32)>) -> i32 {
  // CHECK: %[[B:.*]] = builtin.unrealized_conversion_cast %{{.*}} : !llvm.struct<(ptr<3>, i32)> to !ttg.memdesc<1xi64
  %b = builtin.unrealized_conversion_cast %s : !llvm.struct<(ptr<3>, i32)> to !ttg.memdesc<1xi64, #bar, #smem, mutable>
  // CHECK: llvm.ptrtoint
  %a = builtin.unrealized_conversion_cast %b : !ttg.memdesc<1xi64, #bar, #smem, mutable> to i32
  // CHECK: builtin.unrealized_conversion_cast %[[B]] : {{.*}} to !llvm.struct<(ptr<3>, i32)>
  %t = builtin.unrealized_conversion_cast %b : !ttg.memdesc<1xi64, #bar, #smem, mutable> to !llvm.struct<(ptr<3>, i32)>
  llvm.return %a : i32
}

// Casts that are no address are not ours.
// CHECK-LABEL: llvm.func @other_cast
llvm.func @other_cast(%x: i64) -> i32 {
  // CHECK: builtin.unrealized_conversion_cast %{{.*}} : i64 to i32
  %a = builtin.unrealized_conversion_cast %x : i64 to i32
  llvm.return %a : i32
}
