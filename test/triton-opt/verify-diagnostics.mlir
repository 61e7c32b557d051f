// Diagnostics of stock's parser, verifiers and passes against comments.
// RUN: triton-opt %s -split-input-file -verify-diagnostics --engine=stock --canonicalize \
// RUN:   --allocate-shared-memory-nv=compute-capability=90
// RUN: sed -e 's/same element type/other words/' %s > %t
// RUN: not triton-opt %t -split-input-file -verify-diagnostics --engine=stock --cse 2>&1 | FileCheck %s
// CHECK: :[[#@LINE+5]]: unexpected error: 'tt.splat' op requires the same element type
// CHECK: :[[#@LINE+4]]: expected error "requires the other words" did not come

tt.func @splat(%a: i32) {
  // expected-error @below {{requires the same element type}}
  %0 = tt.splat %a : i32 -> tensor<4xf32>
  tt.return
}

// -----

tt.func @unknown() {
  // expected-error @+1 {{'tt.nothing' is unknown}}
  tt.nothing
}
