# How the targets of this project are declared: one call a dialect, one a
# library, one a pass list.

add_library(triton_tle_options INTERFACE)
target_compile_options(triton_tle_options INTERFACE
  -Wall -Wno-unused-parameter -ffunction-sections -fdata-sections)
if(TRITON_ENABLE_TLE)
  target_compile_definitions(triton_tle_options INTERFACE __TLE__)
endif()

# MLIR's classes are derived from, so RTTI and exceptions follow its build.
add_library(triton_tle_mlir_options INTERFACE)
target_link_libraries(triton_tle_mlir_options INTERFACE triton_tle_options)
target_compile_options(triton_tle_mlir_options INTERFACE
  $<$<NOT:$<BOOL:${LLVM_ENABLE_RTTI}>>:-fno-rtti>
  $<$<NOT:$<BOOL:${LLVM_ENABLE_EH}>>:-fno-exceptions>)

find_program(TRITON_TLE_LLD NAMES ld.lld-22 HINTS /usr/lib/llvm-22/bin)
set(TRITON_TLE_LINK_OPTIONS -Wl,--as-needed -Wl,--gc-sections)
if(NOT TRITON_TLE_SANITIZE)
  # A sanitizer's operator new must stay visible to the shared libstdc++.
  list(APPEND TRITON_TLE_LINK_OPTIONS -Wl,--exclude-libs,ALL)
endif()
if(TRITON_TLE_LLD AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  list(APPEND TRITON_TLE_LINK_OPTIONS "-fuse-ld=${TRITON_TLE_LLD}")
endif()

# Every generated header; libraries depend on it as a whole.
add_custom_target(triton-tle-headers)

# add_triton_subdirectory_if_present(<dir>)
macro(add_triton_subdirectory_if_present dir)
  if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${dir}/CMakeLists.txt")
    add_subdirectory("${dir}")
  endif()
endmacro()

# triton_tablegen(<file.td> <output.inc> <mlir-tblgen argument>...)
#
# The output lands in the build folder that mirrors the current source folder.
function(triton_tablegen td output)
  set(LLVM_TARGET_DEFINITIONS "${td}")
  mlir_tablegen("${output}" ${ARGN}
    "-I${PROJECT_SOURCE_DIR}/include" "-I${PROJECT_SOURCE_DIR}/third_party/tle/include")
  string(MAKE_C_IDENTIFIER "tablegen-${CMAKE_CURRENT_BINARY_DIR}/${output}" target)
  add_custom_target(${target} DEPENDS "${CMAKE_CURRENT_BINARY_DIR}/${output}")
  add_dependencies(triton-tle-headers ${target})
endfunction()

# add_triton_dialect(<namespace>
#   [DIALECT <td>] [OPS <td>] [TYPES <td>] [ATTRS <td>] [ENUMS <td>...]
#   [OP_INTERFACES <td>...] [ATTR_INTERFACES <td>...] [TYPE_INTERFACES <td>...])
#
# <namespace> is the dialect's textual prefix. X.td gives X.h.inc and X.cpp.inc.
function(add_triton_dialect namespace)
  cmake_parse_arguments(ARG "" "DIALECT;OPS;TYPES;ATTRS"
    "ENUMS;OP_INTERFACES;ATTR_INTERFACES;TYPE_INTERFACES" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "add_triton_dialect(${namespace}): unknown arguments ${ARG_UNPARSED_ARGUMENTS}")
  endif()
  function(_both td kind)
    get_filename_component(stem "${td}" NAME_WE)
    triton_tablegen("${td}" "${stem}.h.inc" "-gen-${kind}-decls" ${ARGN})
    triton_tablegen("${td}" "${stem}.cpp.inc" "-gen-${kind}-defs" ${ARGN})
  endfunction()
  if(ARG_DIALECT)
    _both("${ARG_DIALECT}" dialect "-dialect=${namespace}")
  endif()
  if(ARG_OPS)
    _both("${ARG_OPS}" op)
  endif()
  if(ARG_TYPES)
    _both("${ARG_TYPES}" typedef "-typedefs-dialect=${namespace}")
  endif()
  if(ARG_ATTRS)
    _both("${ARG_ATTRS}" attrdef "-attrdefs-dialect=${namespace}")
  endif()
  foreach(td IN LISTS ARG_ENUMS)
    _both("${td}" enum)
  endforeach()
  foreach(td IN LISTS ARG_OP_INTERFACES)
    _both("${td}" op-interface)
  endforeach()
  foreach(td IN LISTS ARG_ATTR_INTERFACES)
    _both("${td}" attr-interface)
  endforeach()
  foreach(td IN LISTS ARG_TYPE_INTERFACES)
    _both("${td}" type-interface)
  endforeach()
endfunction()

# add_triton_passes(<Name> <Passes.td>)
#
# Makes Passes.h.inc with GEN_PASS_DECL, GEN_PASS_DEF_* and
# register<Name>Passes().
function(add_triton_passes name td)
  get_filename_component(stem "${td}" NAME_WE)
  triton_tablegen("${td}" "${stem}.h.inc" -gen-pass-decls "-name=${name}")
endfunction()

# add_triton_library(<Name> <source>... [LINK <library>...])
#
# A static library that goes into libTritonTLE and tle-opt.
function(add_triton_library name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  add_dependencies(${name} triton-tle-headers)
  target_link_libraries(${name} PRIVATE triton_tle_mlir_options PUBLIC ${ARG_LINK})
  set_property(GLOBAL APPEND PROPERTY TRITON_TLE_LIBRARIES ${name})
endfunction()
