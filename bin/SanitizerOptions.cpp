//===- SanitizerOptions.cpp - defaults of a sanitized tool ----------------===//
//
// LLVM's own libraries are not instrumented, so what instrumented headers
// annotate (slabs of its allocators, ends of containers) is not kept up to
// date by the code in them. A finding aborts, so that lit's `not` tells it from
// a diagnostic. Leaks stay unreported: LLVM's registries are never freed.
//
//===----------------------------------------------------------------------===//

extern "C" __attribute__((visibility("default"), used)) const char *
__asan_default_options() {
  return "allow_user_poisoning=0:detect_container_overflow=0:detect_leaks=0:"
         "detect_odr_violation=0:abort_on_error=1";
}

extern "C" __attribute__((visibility("default"), used)) const char *
__ubsan_default_options() {
  return "print_stacktrace=1:abort_on_error=1";
}
