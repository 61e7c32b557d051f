# Finds LLVM and MLIR 22 and makes them link statically.
#
# Debian exports MLIR's static libraries against the shared libLLVM. The
# library that we ship must not depend on it (another LLVM lives in the same
# process), so the imported target LLVM is pointed at the static components.

set(_triton_tle_apt "apt-get install llvm-22-dev libmlir-22-dev mlir-22-tools llvm-22-tools \
clang-22 lld-22 libzstd-dev zlib1g-dev ninja-build")

find_package(MLIR 22.1 CONFIG QUIET
  HINTS /usr/lib/llvm-22/lib/cmake/mlir /usr/lib/llvm-22)
if(NOT MLIR_FOUND)
  message(FATAL_ERROR
    "MLIR 22.1 was not found (looked in CMAKE_PREFIX_PATH, MLIR_DIR and /usr/lib/llvm-22).\n"
    "On Debian or Ubuntu with the packages of apt.llvm.org:\n    ${_triton_tle_apt}\n"
    "For an LLVM elsewhere pass -DMLIR_DIR=<prefix>/lib/cmake/mlir.")
endif()
if(NOT EXISTS "${LLVM_TOOLS_BINARY_DIR}/mlir-tblgen")
  message(FATAL_ERROR
    "mlir-tblgen is missing in ${LLVM_TOOLS_BINARY_DIR}.\n"
    "On Debian or Ubuntu:\n    ${_triton_tle_apt}")
endif()
message(STATUS "MLIR ${LLVM_PACKAGE_VERSION} in ${MLIR_DIR}")

list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}" "${LLVM_CMAKE_DIR}")
include(TableGen)
include(AddLLVM)
include(AddMLIR)

include_directories(SYSTEM ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
separate_arguments(_triton_tle_llvm_definitions NATIVE_COMMAND "${LLVM_DEFINITIONS}")
add_definitions(${_triton_tle_llvm_definitions})

if(LLVM_LINK_LLVM_DYLIB AND TARGET LLVM)
  if(NOT TARGET LLVMSupport)
    message(FATAL_ERROR
      "This LLVM comes without its static libraries (no LLVMSupport in ${LLVM_DIR}).\n"
      "On Debian or Ubuntu:\n    ${_triton_tle_apt}")
  endif()
  set(LLVM_LINK_LLVM_DYLIB OFF)
  llvm_map_components_to_libnames(_triton_tle_llvm_libs
    support core asmparser bitreader bitwriter binaryformat demangle targetparser remarks frontendopenmp)
  get_target_property(_triton_tle_configs LLVMSupport IMPORTED_CONFIGURATIONS)
  foreach(_config IN LISTS _triton_tle_configs)
    get_target_property(_location LLVMSupport "IMPORTED_LOCATION_${_config}")
    set_target_properties(LLVM PROPERTIES
      "IMPORTED_LOCATION_${_config}" "${_location}"
      "IMPORTED_SONAME_${_config}" "")
  endforeach()
  set_target_properties(LLVM PROPERTIES INTERFACE_LINK_LIBRARIES "${_triton_tle_llvm_libs}")
endif()
