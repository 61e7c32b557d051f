// RUN: triton-opt %s -split-input-file --engine=stock -canonicalize | FileCheck %s

// CHECK: tt.func @first
// CHECK-NEXT: arith.constant 3 : i32
// CHECK: // -----
tt.func @first() -> i32 {
  %a = arith.constant 1 : i32
  %b = arith.constant 2 : i32
  %c = arith.addi %a, %b : i32
  tt.return %c : i32
}

// -----

// CHECK: tt.func @second
// CHECK-NEXT: arith.constant 6 : i32
// CHECK-NOT: // -----
tt.func @second() -> i32 {
  %a = arith.constant 2 : i32
  %b = arith.constant 3 : i32
  %c = arith.muli %a, %b : i32
  tt.return %c : i32
}
