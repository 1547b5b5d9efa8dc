// SPDX-License-Identifier: Apache-2.0
// The extension boltloom._native: each function opens the memory of its arguments, lets go of the GIL, and forwards one
// call to the C++ API.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "array_memory.hpp"

namespace boltloom::python {
namespace {

/// What the wait loops of the library ask now and then. Ctrl-C then raises KeyboardInterrupt out of a collective, like
/// out of any Python function; Python runs signal handlers on its main thread only, elsewhere this does nothing.
bool python_was_interrupted() {
  const nb::gil_scoped_acquire gil;
  if (PyErr_CheckSignals() != 0) {
    throw nb::python_error();
  }
  return false;
}

Config configure(const std::optional<std::string>& backend, std::optional<double> timeout) {
  if (timeout && (!std::isfinite(*timeout) || *timeout <= 0)) {
    throw InvalidArgument("timeout has to be a positive number of seconds, not " + std::to_string(*timeout));
  }
  Config config = Config::from_environment();
  config.backend = backend.value_or(config.backend);
  config.timeout = timeout ? std::chrono::duration<double>(*timeout) : config.timeout;
  config.interrupted = python_was_interrupted;
  return config;
}

std::shared_ptr<boltloom::Group> join(const Config& config) {
  const nb::gil_scoped_release no_gil;
  return std::make_shared<boltloom::Group>(config);
}

Op op_named(std::string_view name) {
  for (const Op op : {Op::sum, Op::min, Op::max}) {
    if (name_of(op) == name) {
      return op;
    }
  }
  throw InvalidArgument("there is no op \"" + std::string(name) + "\": use sum, min or max");
}

/// A boltloom::Group that can be closed from Python while another thread is inside one of its calls.
class Group {
 public:
  Group(const std::optional<std::string>& backend, std::optional<double> timeout)
      : group_(join(configure(backend, timeout))) {}
  ~Group() { close(); }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  /// Runs one call on the group without the GIL. The group outlives the call even if another thread closes it.
  template <class Call>
  void run(Call call) {
    auto group = open();
    const nb::gil_scoped_release no_gil;
    const auto held = std::move(group);  // let go before the GIL comes back: the last owner leaves the group, and waits
    call(*held);
  }

  std::shared_ptr<boltloom::Group> open() const {
    if (!group_) {
      throw InvalidArgument("this group is closed: call boltloom.init() for a new one");
    }
    return group_;
  }

  void close() {
    auto group = std::move(group_);
    group_.reset();
    const nb::gil_scoped_release no_gil;
    if (group.use_count() > 1) {
      group->abort("the group was closed by another thread of the program");
    }
    group.reset();
  }

 private:
  std::shared_ptr<boltloom::Group> group_;
};

void all_reduce(Group& group, nb::handle in, nb::handle out, std::string_view dtype_name, std::string_view op_name) {
  const DType dtype = dtype_named(dtype_name);
  const Op op = op_named(op_name);
  const ArrayMemory source(in, Access::read);
  const ArrayMemory target(out, Access::write);
  const auto count = source.count(dtype);
  if (target.count(dtype) != count) {
    throw InvalidArgument("all_reduce needs an output as large as its input");
  }
  group.run([&](boltloom::Group& g) { g.all_reduce(source.data(), target.data(), count, dtype, op); });
}

void all_gather(Group& group, nb::handle in, nb::handle out, std::string_view dtype_name) {
  const DType dtype = dtype_named(dtype_name);
  const ArrayMemory source(in, Access::read);
  const ArrayMemory target(out, Access::write);
  const auto count = source.count(dtype);
  if (target.count(dtype) != count * static_cast<std::size_t>(group.open()->size())) {
    throw InvalidArgument("all_gather needs an output as large as the inputs of all ranks");
  }
  group.run([&](boltloom::Group& g) { g.all_gather(source.data(), target.data(), count, dtype); });
}

void send(Group& group, nb::handle in, std::string_view dtype_name, int dst) {
  const DType dtype = dtype_named(dtype_name);
  const ArrayMemory source(in, Access::read);
  group.run([&](boltloom::Group& g) { g.send(source.data(), source.count(dtype), dtype, dst); });
}

void recv(Group& group, nb::handle out, std::string_view dtype_name, int src) {
  const DType dtype = dtype_named(dtype_name);
  const ArrayMemory target(out, Access::write);
  group.run([&](boltloom::Group& g) { g.recv(target.data(), target.count(dtype), dtype, src); });
}

std::vector<std::string> host_names(const Group& group) {
  std::vector<std::string> names;
  for (const auto& host : group.open()->hosts()) {
    names.push_back(host.name);
  }
  return names;
}

const char* exception_name(Code code) {
  switch (code) {
    case Code::invalid:
      return "InvalidArgument";
    case Code::unavailable:
      return "Unavailable";
    case Code::io:
      return "PeerFailed";
    case Code::timeout:
      return "TimedOut";
    case Code::aborted:
      return "Aborted";
  }
  return "Error";
}

/// Turns an Error into its Python class; anything else is a bug and stays what nanobind makes of it.
void translate(const std::exception_ptr& thrown, void*) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& error) {
    const nb::object cls = nb::module_::import_("boltloom.errors").attr(exception_name(error.code()));
    const nb::object rank = error.peer() < 0 ? nb::none() : nb::object(nb::int_(error.peer()));
    const nb::object host = error.host().empty() ? nb::none() : nb::object(nb::str(error.host().c_str()));
    PyErr_SetObject(cls.ptr(), cls(error.what(), rank, host).ptr());
  }
}

void bind_group(nb::module_& module) {
  nb::class_<Group>(module, "Group")
      .def(nb::init<const std::optional<std::string>&, std::optional<double>>(), nb::arg("backend").none(),
           nb::arg("timeout").none())
      .def_prop_ro("rank", [](const Group& group) { return group.open()->rank(); })
      .def_prop_ro("size", [](const Group& group) { return group.open()->size(); })
      .def_prop_ro("local_rank", [](const Group& group) { return group.open()->local_rank(); })
      .def_prop_ro("local_size", [](const Group& group) { return group.open()->local_size(); })
      .def_prop_ro("backend", [](const Group& group) { return group.open()->backend(); })
      .def_prop_ro("hosts", host_names)
      .def("all_reduce", all_reduce)
      .def("all_gather", all_gather)
      .def("send", send)
      .def("recv", recv)
      .def("barrier", [](Group& group) { group.run([](boltloom::Group& g) { g.barrier(); }); })
      .def("close", &Group::close);
}

}  // namespace

NB_MODULE(_native, module) {
  nb::register_exception_translator(translate);
  bind_group(module);
  module.def("blank", blank);
  module.def("describe", describe);
  module.def("version", [] { return std::string(version()); });
}

}  // namespace boltloom::python
