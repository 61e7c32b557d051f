# With TRITON_TLE_PREBUILT, a build folder, nothing is compiled: what that
# build made for this Python is installed. One build serves many wheels so.

find_package(Python REQUIRED COMPONENTS Interpreter)
execute_process(
  COMMAND "${Python_EXECUTABLE}" -c "import sysconfig; print(sysconfig.get_config_var('EXT_SUFFIX'))"
  OUTPUT_VARIABLE _suffix OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
set(_folder "${TRITON_TLE_PREBUILT}/python/triton_tle")
foreach(_file IN ITEMS "libTritonTLE.so" "_native${_suffix}")
  if(NOT EXISTS "${_folder}/${_file}")
    message(FATAL_ERROR "TRITON_TLE_PREBUILT: ${_folder} has no ${_file}; "
      "build it with ${Python_EXECUTABLE} among TRITON_TLE_PYTHONS")
  endif()
  install(PROGRAMS "${_folder}/${_file}" DESTINATION triton_tle COMPONENT triton_tle)
endforeach()
