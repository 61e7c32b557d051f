// RUN: triton-opt %s --engine=stock --canonicalize --symbol-dce --mlir-print-ir-after-all -o %t 2>&1 | FileCheck %s
// RUN: FileCheck %s --check-prefix=RESULT < %t

// CHECK: // -----// IR Dump After canonicalize //----- //
// CHECK: @unused
// CHECK: // -----// IR Dump After symbol-dce //----- //
// CHECK-NOT: @unused
// RESULT-NOT: @unused
// RESULT: tt.func public @used
tt.func private @unused() {
  tt.return
}
tt.func public @used() {
  tt.return
}
