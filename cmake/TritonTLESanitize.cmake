# Sanitizers of tle-opt and tle-fuzz (TRITON_TLE_SANITIZE).
#
# Only our code is instrumented: LLVM's static libraries are the distribution's.
# Left out: vptr wants RTTI of every class, function wants metadata of every
# callee. The run-time options that follow from the mixture are in
# bin/SanitizerOptions.cpp.

if(NOT TRITON_TLE_SANITIZE)
  return()
endif()
if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  message(FATAL_ERROR "TRITON_TLE_SANITIZE needs clang; the compiler is ${CMAKE_CXX_COMPILER}")
endif()
set(_triton_tle_known address undefined fuzzer)
foreach(_sanitizer IN LISTS TRITON_TLE_SANITIZE)
  if(NOT _sanitizer IN_LIST _triton_tle_known)
    message(FATAL_ERROR "TRITON_TLE_SANITIZE: got '${_sanitizer}', expected some of ${_triton_tle_known}")
  endif()
endforeach()

set(_triton_tle_sanitizers ${TRITON_TLE_SANITIZE})
list(REMOVE_ITEM _triton_tle_sanitizers fuzzer)
if(_triton_tle_sanitizers)
  string(JOIN "," _triton_tle_sanitizers ${_triton_tle_sanitizers})
  add_compile_options(-fsanitize=${_triton_tle_sanitizers} -fno-sanitize=vptr,function
                      -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${_triton_tle_sanitizers} -fno-sanitize=vptr,function)
endif()
if("fuzzer" IN_LIST TRITON_TLE_SANITIZE)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
