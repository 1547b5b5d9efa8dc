// SPDX-License-Identifier: Apache-2.0
// Opening the memory of a Python object, and making memory that Python objects can share.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstddef>
#include <string_view>
#include <variant>

#include "boltloom/boltloom.hpp"

namespace boltloom::python {

namespace nb = nanobind;

enum class Access { read, write };

/// The contiguous CPU memory of an object, kept open until this goes out of scope (under the GIL).
/// The buffer protocol comes first and DLPack second: MLX on a Mac declares its DLPack memory as Metal's.
class ArrayMemory {
 public:
  ArrayMemory(nb::handle object, Access access);
  ~ArrayMemory();
  ArrayMemory(const ArrayMemory&) = delete;
  ArrayMemory& operator=(const ArrayMemory&) = delete;

  void* data() const noexcept { return data_; }
  /// Number of elements of this type; throws where the memory is no whole number of them.
  std::size_t count(DType dtype) const;

 private:
  bool open_buffer(nb::handle object, Access access);
  void open_dlpack(nb::handle object, Access access);

  void* data_ = nullptr;
  std::size_t bytes_ = 0;
  Py_buffer buffer_{};
  bool has_buffer_ = false;
  std::variant<std::monostate, nb::ndarray<nb::ro>, nb::ndarray<>> dlpack_;
};

/// The DType with this name ("float32"); throws InvalidArgument if there is none.
DType dtype_named(std::string_view name);

/// Uninitialised memory as an object that exports both DLPack and a buffer.
nb::ndarray<nb::array_api> blank(const nb::tuple& shape, std::string_view dtype);

/// (dtype name, shape) of an object with DLPack; throws InvalidArgument, saying why, for one that we cannot send.
nb::tuple describe(nb::handle object, bool writable);

}  // namespace boltloom::python
