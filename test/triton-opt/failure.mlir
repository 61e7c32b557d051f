// A module that is refused: MLIR's diagnostic on standard error, status 1, nothing on standard output.
// RUN: not triton-opt %s --engine=stock --cse > %t 2> %t.err
// RUN: FileCheck %s < %t.err
// RUN: test ! -s %t
// CHECK: failure.mlir":[[#@LINE+2]]:8): error: 'tt.splat' op requires the same element type
tt.func @splat(%a: i32) {
  %0 = tt.splat %a : i32 -> tensor<4xf32>
  tt.return
}
