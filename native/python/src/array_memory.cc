// SPDX-License-Identifier: Apache-2.0
#include "array_memory.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace boltloom::python {
namespace {

constexpr std::array all_dtypes{DType::boolean,  DType::int8,    DType::int16,  DType::int32,  DType::int64,
                                DType::uint8,    DType::uint16,  DType::uint32, DType::uint64, DType::float16,
                                DType::bfloat16, DType::float32, DType::float64};

constexpr int bits_per_byte = 8;

nb::dlpack::dtype to_dlpack(DType dtype) {
  using Kind = nb::dlpack::dtype_code;
  const auto name = name_of(dtype);
  const Kind kind = dtype == DType::boolean     ? Kind::Bool
                    : dtype == DType::bfloat16  ? Kind::Bfloat
                    : name.starts_with("float") ? Kind::Float
                    : name.starts_with("uint")  ? Kind::UInt
                                                : Kind::Int;
  return {static_cast<std::uint8_t>(kind), static_cast<std::uint8_t>(bits_per_byte * size_of(dtype)), 1};
}

/// The DType that an imported array holds; throws InvalidArgument for complex numbers, vectors and the like.
DType from_dlpack(nb::dlpack::dtype wanted) {
  for (const DType dtype : all_dtypes) {
    if (to_dlpack(dtype) == wanted) {
      return dtype;
    }
  }
  throw InvalidArgument("an array of DLPack type " + std::to_string(wanted.code) + " with " +
                        std::to_string(wanted.bits) + " bits cannot be sent: convert it to a real number type");
}

std::string type_of(nb::handle object) {
  return nb::type_name(object.type()).c_str();
}

/// True where elements follow each other in C order. Strides count in elements.
template <class Array>
bool is_c_contiguous(const Array& array) {
  std::int64_t expected = 1;
  for (std::size_t i = array.ndim(); i-- > 0;) {
    if (array.shape(i) == 0) {
      return true;
    }
    if (array.shape(i) != 1 && array.stride(i) != expected) {
      return false;
    }
    expected *= static_cast<std::int64_t>(array.shape(i));
  }
  return true;
}

/// Imports by DLPack, without a copy, or throws InvalidArgument saying what is in the way.
template <class Array>
Array import_array(nb::handle object) {
  Array array;
  if (!nb::try_cast(object, array, false)) {
    throw InvalidArgument(type_of(object) + " does not give access to its memory" +
                          (std::is_same_v<Array, nb::ndarray<>> ? " for writing" : "") +
                          " by the buffer protocol or DLPack");
  }
  if (array.device_type() != nb::device::cpu::value) {
    throw InvalidArgument(type_of(object) + " is not in CPU memory (DLPack device " +
                          std::to_string(array.device_type()) + "): copy it to the CPU first");
  }
  if (!is_c_contiguous(array)) {
    throw InvalidArgument(type_of(object) + " is not C-contiguous: pass a contiguous copy");
  }
  return array;
}

}  // namespace

ArrayMemory::ArrayMemory(nb::handle object, Access access) {
  if (!open_buffer(object, access)) {
    open_dlpack(object, access);
  }
}

ArrayMemory::~ArrayMemory() {
  if (has_buffer_) {
    PyBuffer_Release(&buffer_);
  }
}

bool ArrayMemory::open_buffer(nb::handle object, Access access) {
  if (PyObject_CheckBuffer(object.ptr()) == 0) {
    return false;
  }
  if (PyObject_GetBuffer(object.ptr(), &buffer_, access == Access::write ? PyBUF_WRITABLE : PyBUF_SIMPLE) != 0) {
    PyErr_Clear();  // bfloat16 has no buffer format, but DLPack knows it
    return false;
  }
  has_buffer_ = true;
  data_ = buffer_.buf;
  bytes_ = static_cast<std::size_t>(buffer_.len);
  return true;
}

void ArrayMemory::open_dlpack(nb::handle object, Access access) {
  if (access == Access::write) {
    auto array = import_array<nb::ndarray<>>(object);
    data_ = array.data();
    bytes_ = array.nbytes();
    dlpack_ = std::move(array);
  } else {
    auto array = import_array<nb::ndarray<nb::ro>>(object);
    data_ = const_cast<void*>(array.data());  // only ever handed to functions that read
    bytes_ = array.nbytes();
    dlpack_ = std::move(array);
  }
}

std::size_t ArrayMemory::count(DType dtype) const {
  if (bytes_ % size_of(dtype) != 0) {
    throw InvalidArgument(std::to_string(bytes_) + " bytes are no whole number of " + std::string(name_of(dtype)));
  }
  return bytes_ / size_of(dtype);
}

DType dtype_named(std::string_view name) {
  for (const DType dtype : all_dtypes) {
    if (name_of(dtype) == name) {
      return dtype;
    }
  }
  throw InvalidArgument("there is no dtype " + std::string(name));
}

nb::ndarray<nb::array_api> blank(const nb::tuple& shape, std::string_view dtype_name) {
  const DType dtype = dtype_named(dtype_name);
  std::vector<std::size_t> lengths;
  std::size_t bytes = size_of(dtype);
  for (const nb::handle length : shape) {
    lengths.push_back(nb::cast<std::size_t>(length));
    bytes *= lengths.back();
  }
  auto* memory = new std::byte[bytes];
  const nb::capsule owner(memory, [](void* pointer) noexcept { delete[] static_cast<std::byte*>(pointer); });
  return {memory, lengths.size(), lengths.data(), owner, nullptr, to_dlpack(dtype)};
}

nb::tuple describe(nb::handle object, bool writable) {
  const auto described = [](const auto& array) {
    nb::list shape;
    for (std::size_t i = 0; i < array.ndim(); ++i) {
      shape.append(array.shape(i));
    }
    const auto name = name_of(from_dlpack(array.dtype()));
    return nb::make_tuple(nb::str(name.data(), name.size()), nb::tuple(shape));
  };
  return writable ? described(import_array<nb::ndarray<>>(object))
                  : described(import_array<nb::ndarray<nb::ro>>(object));
}

}  // namespace boltloom::python
