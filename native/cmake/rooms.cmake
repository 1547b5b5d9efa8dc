# SPDX-License-Identifier: Apache-2.0
# A room is a folder of src/: one object library whose code may include its own headers and those of the rooms it names in
# USES (and what those use). Headers are included as "room/file.h"; the compiler finds a room only through a link in the build
# folder that the rooms using it get on their include path, so breaking the import law does not compile.
function(boltloom_room name)
  cmake_parse_arguments(ARG "" "" "USES;SOURCES" ${ARGN})
  set(door ${PROJECT_BINARY_DIR}/rooms/${name})
  file(MAKE_DIRECTORY ${door})
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/src/${name} ${door}/${name} SYMBOLIC)
  add_library(bl_${name} OBJECT)
  foreach(source IN LISTS ARG_SOURCES)
    target_sources(bl_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src/${name}/${source})
  endforeach()
  target_include_directories(bl_${name} PUBLIC ${door} ${PROJECT_SOURCE_DIR}/include)
  target_compile_options(bl_${name} PRIVATE -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor)
  target_link_libraries(bl_${name} PUBLIC Threads::Threads)
  foreach(used IN LISTS ARG_USES)
    target_link_libraries(bl_${name} PUBLIC bl_${used})
  endforeach()
  target_sources(boltloom PRIVATE $<TARGET_OBJECTS:bl_${name}>)
  # Tests look into the rooms, which the shared library hides: they link this.
  set_property(GLOBAL APPEND PROPERTY BOLTLOOM_ROOMS bl_${name})
endfunction()
