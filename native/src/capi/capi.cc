// SPDX-License-Identifier: Apache-2.0
// The C functions: each is one forwarded call inside guard(), the only place where exceptions become status codes.
#include <cstddef>
#include <new>
#include <string>
#include <utility>

#include "boltloom/boltloom.h"
#include "boltloom/boltloom.hpp"
#include "config/config.h"

struct bl_group {
  boltloom::Group rep;
};

namespace {

struct LastError {
  std::string message;
  std::string host;
  int rank = -1;
};
thread_local LastError last_error;

bl_status fail(bl_status status, const char* message, int rank = -1, const std::string& host = {}) noexcept {
  try {
    last_error.rank = rank;
    last_error.host = host;
    last_error.message = message;
  } catch (...) {  // NOLINT(bugprone-empty-catch): no memory for the text; the status still tells
  }
  return status;
}

template <class Body>
bl_status guard(Body body) noexcept {
  try {
    body();
    return BL_OK;
  } catch (const boltloom::Error& error) {
    return fail(static_cast<bl_status>(error.code()), error.what(), error.peer(), error.host());
  } catch (const std::bad_alloc&) {
    return fail(BL_EBUG, "out of memory");
  } catch (const std::exception& error) {
    return fail(BL_EBUG, error.what());
  } catch (...) {
    return fail(BL_EBUG, "an exception of unknown type");
  }
}

boltloom::Group& rep(bl_group* group) {
  if (group == nullptr) throw boltloom::InvalidArgument("group is NULL; did bl_init succeed?");
  return group->rep;
}

boltloom::DType dtype_of(bl_dtype dtype) {
  return static_cast<boltloom::DType>(dtype);
}

/// A variable as the fields of bl_config set it; none where they leave it to the environment.
std::optional<std::string> field(const bl_config& config, const std::string& name) {
  const std::pair<const char*, int> numbers[] = {{"BOLTLOOM_RANK", config.rank},
                                                 {"BOLTLOOM_WORLD_SIZE", config.size},
                                                 {"BOLTLOOM_LOCAL_RANK", config.local_rank},
                                                 {"BOLTLOOM_LOCAL_SIZE", config.local_size}};
  for (const auto& [variable, value] : numbers) {
    if (name == variable && value >= 0) return std::to_string(value);
  }
  const std::pair<const char*, const char*> texts[] = {{"BOLTLOOM_HOSTS", config.hosts},
                                                       {"BOLTLOOM_BACKEND", config.backend},
                                                       {"BOLTLOOM_COORDINATOR", config.coordinator},
                                                       {"BOLTLOOM_TOKEN", config.token},
                                                       {"BOLTLOOM_RUN_ID", config.run_id}};
  for (const auto& [variable, value] : texts) {
    if (name == variable && value != nullptr) return value;
  }
  return std::nullopt;
}

boltloom::Config config_of(const bl_config* given) {
  if (given == nullptr) return boltloom::Config::from_environment();
  if (given->struct_size != sizeof(bl_config)) {
    throw boltloom::InvalidArgument("bl_config was not filled by bl_config_init, or by that of another version");
  }
  auto config = boltloom::Config::from_variables([given](const std::string& name) {
    const auto set = field(*given, name);
    return set ? set : boltloom::environment_variable(name);
  });
  if (given->timeout != 0) config.timeout = std::chrono::duration<double>(given->timeout);
  if (given->interrupted != nullptr) {
    config.interrupted = [ask = given->interrupted, user = given->interrupted_user] { return ask(user) != 0; };
  }
  return config;
}

}  // namespace

void bl_config_init(bl_config* config) {
  if (config == nullptr) return;
  *config = bl_config{};
  config->struct_size = sizeof(bl_config);
  config->rank = config->size = config->local_rank = config->local_size = -1;
}

bl_status bl_init(const bl_config* config, bl_group** group) {
  return guard([&] {
    if (group == nullptr) throw boltloom::InvalidArgument("bl_init needs a place for the group, but it is NULL");
    *group = new bl_group{boltloom::Group(config_of(config))};
  });
}

bl_status bl_finalize(bl_group* group) {
  return guard([&] { delete group; });
}

int32_t bl_rank(const bl_group* group) {
  return group == nullptr ? -1 : group->rep.rank();
}
int32_t bl_size(const bl_group* group) {
  return group == nullptr ? -1 : group->rep.size();
}
int32_t bl_local_rank(const bl_group* group) {
  return group == nullptr ? -1 : group->rep.local_rank();
}
int32_t bl_local_size(const bl_group* group) {
  return group == nullptr ? -1 : group->rep.local_size();
}

const char* bl_host_name(const bl_group* group, int32_t rank) {
  if (group == nullptr || rank < 0 || rank >= group->rep.size()) return nullptr;
  return group->rep.hosts()[static_cast<std::size_t>(rank)].name.c_str();
}

const char* bl_backend(const bl_group* group) {
  return group == nullptr ? nullptr : group->rep.backend().c_str();
}

bl_status bl_all_reduce(bl_group* group, const void* in, void* out, size_t count, bl_dtype dtype, bl_op op) {
  return guard([&] { rep(group).all_reduce(in, out, count, dtype_of(dtype), static_cast<boltloom::Op>(op)); });
}

bl_status bl_all_gather(bl_group* group, const void* in, void* out, size_t count, bl_dtype dtype) {
  return guard([&] { rep(group).all_gather(in, out, count, dtype_of(dtype)); });
}

bl_status bl_send(bl_group* group, const void* buffer, size_t count, bl_dtype dtype, int32_t dst) {
  return guard([&] { rep(group).send(buffer, count, dtype_of(dtype), dst); });
}

bl_status bl_recv(bl_group* group, void* buffer, size_t count, bl_dtype dtype, int32_t src) {
  return guard([&] { rep(group).recv(buffer, count, dtype_of(dtype), src); });
}

bl_status bl_barrier(bl_group* group) {
  return guard([&] { rep(group).barrier(); });
}

bl_status bl_abort(bl_group* group, const char* reason) {
  return guard([&] { rep(group).abort(reason == nullptr ? "" : reason); });
}

size_t bl_dtype_size(bl_dtype dtype) {
  return boltloom::size_of(dtype_of(dtype));
}
const char* bl_last_error(void) {
  return last_error.message.c_str();
}
int32_t bl_last_error_rank(void) {
  return last_error.rank;
}
const char* bl_last_error_host(void) {
  return last_error.host.c_str();
}
const char* bl_version(void) {
  return boltloom::version().data();
}
