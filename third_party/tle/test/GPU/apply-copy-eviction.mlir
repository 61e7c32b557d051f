// RUN: tle-opt %s -triton-tle-apply-copy-eviction | FileCheck %s

// Only what lies between the comments takes the policy, in each block of it.
// CHECK-LABEL: @copies
// CHECK-NEXT: %[[CONST:.+]] = llvm.mlir.constant(0 : i32)
// CHECK-NEXT: llvm.inline_asm has_side_effects asm_dialect = att "cp.async.cg.shared.global [ $0 + 0 ], [ $1 + 0 ], 0x10, 0x10;", "r,l" %arg0, %arg1
// CHECK-NEXT: %[[P:.+]] = llvm.inline_asm asm_dialect = att "createpolicy.fractional.L2::evict_first.b64 $0, 1.0;", "=l"
// CHECK-NEXT: llvm.inline_asm has_side_effects asm_dialect = att "cp.async.cg.shared.global.L2::cache_hint [ $0 + 0 ], [ $1 + 0 ], 0x10, 0x10, $2;", "r,l,l" %arg0, %arg1, %[[P]]
// CHECK-NEXT: "cp.async.cg.shared.global.L2::cache_hint [ $0 + 0 ], [ $1 + 0 ], 0x10, 0x10, $2;", "r,l,l" %arg0, %arg1, %[[P]]
// CHECK-NEXT: llvm.br
// CHECK: %[[Q:.+]] = llvm.inline_asm asm_dialect = att "createpolicy
// CHECK-NEXT: llvm.inline_asm has_side_effects asm_dialect = att "cp.async.ca.shared.global.L2::cache_hint [ $0 + 0 ], [ $1 + 0 ], 0x8, $2, $3;", "r,l,r,l" %arg0, %arg1, %arg2, %[[Q]]
// CHECK-NEXT: llvm.inline_asm has_side_effects asm_dialect = att "cp.async.commit_group;"
// CHECK-NEXT: createpolicy.fractional.L2::evict_last.b64
// CHECK-NEXT: cp.async.cg.shared.global.L2::cache_hint [
// CHECK-NEXT: "cp.async.cg.shared.global [ $0 + 0 ]
// CHECK-NEXT: llvm.return
llvm.func @copies(%to: !llvm.ptr<3>, %from: !llvm.ptr<1>, %bytes: i32) {
  %zero = llvm.mlir.constant(0 : i32) : i32
  llvm.inline_asm has_side_effects asm_dialect = att "cp.async.cg.shared.global [ $0 + 0 ], [ $1 + 0 ], 0x10, 0x10;", "r,l" %to, %from : (!llvm.ptr<3>, !llvm.ptr<1>) -> !llvm.void
  %a = llvm.inline_asm has_side_effects asm_dialect = att "// copies, evict_first\0Amov.b32 $0, $1;", "=r,r" %zero : (i32) -> i32
  llvm.inline_asm has_side_effects asm_dialect = att "cp.async.cg.shared.global [ $0 + 0 ], [ $1 + 0 ], 0x10, 0x10;", "r,l" %to, %from : (!llvm.ptr<3>, !llvm.ptr<1>) -> !llvm.void
  %e = llvm.inline_asm has_side_effects asm_dialect = att "// end of copies\0Amov.b32 $0, $1;", "=r,r" %zero : (i32) -> i32
  %f = llvm.inline_asm has_side_effects asm_dialect = att "// copies, evict_first\0Amov.b32 $0, $1;", "=r,r" %zero : (i32) -> i32
  llvm.inline_asm has_side_effects asm_dialect = att "cp.async.cg.shared.global [ $0 + 0 ], [ $1 + 0 ], 0x10, 0x10;", "r,l" %to, %from : (!llvm.ptr<3>, !llvm.ptr<1>) -> !llvm.void
  llvm.br ^bb1
^bb1:
  llvm.inline_asm has_side_effects asm_dialect = att "cp.async.ca.shared.global [ $0 + 0 ], [ $1 + 0 ], 0x8, $2;", "r,l,r" %to, %from, %bytes : (!llvm.ptr<3>, !llvm.ptr<1>, i32) -> !llvm.void
  llvm.inline_asm has_side_effects asm_dialect = att "cp.async.commit_group;", "" : () -> !llvm.void
  %b = llvm.inline_asm has_side_effects asm_dialect = att "// end of copies\0Amov.b32 $0, $1;", "=r,r" %zero : (i32) -> i32
  %c = llvm.inline_asm has_side_effects asm_dialect = att "// copies, evict_last\0Amov.b32 $0, $1;", "=r,r" %zero : (i32) -> i32
  llvm.inline_asm has_side_effects asm_dialect = att "cp.async.cg.shared.global [ $0 + 0 ], [ $1 + 0 ], 0x10, 0x10;", "r,l" %to, %from : (!llvm.ptr<3>, !llvm.ptr<1>) -> !llvm.void
  %d = llvm.inline_asm has_side_effects asm_dialect = att "// end of copies\0Amov.b32 $0, $1;", "=r,r" %zero : (i32) -> i32
  llvm.inline_asm has_side_effects asm_dialect = att "cp.async.cg.shared.global [ $0 + 0 ], [ $1 + 0 ], 0x10, 0x10;", "r,l" %to, %from : (!llvm.ptr<3>, !llvm.ptr<1>) -> !llvm.void
  llvm.return
}

// Without comments nothing changes.
// CHECK-LABEL: @none
// CHECK-NEXT: "cp.async.cg.shared.global [ $0 + 0 ]
// CHECK-NEXT: llvm.return
llvm.func @none(%to: !llvm.ptr<3>, %from: !llvm.ptr<1>) {
  llvm.inline_asm has_side_effects asm_dialect = att "cp.async.cg.shared.global [ $0 + 0 ], [ $1 + 0 ], 0x10, 0x10;", "r,l" %to, %from : (!llvm.ptr<3>, !llvm.ptr<1>) -> !llvm.void
  llvm.return
}
