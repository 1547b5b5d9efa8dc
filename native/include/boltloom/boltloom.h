/* SPDX-License-Identifier: Apache-2.0 */
/* Boltloom's C interface: groups of ranks, and the collectives that they run.
 *
 * In short:
 *
 *     bl_group *group;
 *     if (bl_init(NULL, &group) != BL_OK) { fprintf(stderr, "%s\n", bl_last_error()); return 1; }
 *     float sum;
 *     bl_all_reduce(group, &mine, &sum, 1, BL_FLOAT32, BL_SUM);
 *     bl_finalize(group);
 *
 * Rules that hold for every function
 *   - It returns a bl_status. When that is not BL_OK, bl_last_error() says in one line what failed, where, and what to
 * do.
 *   - It ends within the group's timeout, whatever the other ranks do.
 *   - Counts are in elements, not in bytes, and may be 0 (then buffers may be NULL).
 *   - No C++ exception leaves it.
 *   - After BL_EIO, BL_ETIMEDOUT or BL_EABORTED, and after BL_EINVAL because two ranks disagreed about a collective,
 * the group is poisoned on every rank: each later call fails at once with the first cause. Call bl_finalize and end.
 *   - One thread at a time may use a group (bl_abort excepted); a second one gets BL_EINVAL.
 *
 * A collective must be called by all ranks of the group, in the same order, with the same count, dtype and op. If a
 * neighbour calls another one, both get an error that says so.
 */
#ifndef BOLTLOOM_BOLTLOOM_H
#define BOLTLOOM_BOLTLOOM_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define BL_API __attribute__((visibility("default")))
#else
#define BL_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* How a call ended. */
typedef enum bl_status {
  BL_OK = 0,
  BL_EINVAL = 1,    /* an argument, a variable of the environment, or ranks that disagree about a collective */
  BL_EUNAVAIL = 2,  /* the environment is not fit: port in use, rank missing at start-up, backend not in this build */
  BL_EIO = 3,       /* a peer died or its connection broke; bl_last_error_rank() names it */
  BL_ETIMEDOUT = 4, /* the deadline passed; bl_last_error_rank() names the rank that was waited for, if one was */
  BL_EABORTED = 5,  /* bl_abort() or bl_config.interrupted stopped it, here or on another rank */
  BL_EBUG = 6       /* a bug of Boltloom, or memory ran out: please report it with the text of bl_last_error() */
} bl_status;

/* Element types. BL_FLOAT16 and BL_BFLOAT16 are reduced in float32, rounded to nearest even after each step.
 * Sums of integers wrap. BL_BOOL is a byte that is 0 or 1: sum and max are "or", min is "and". */
typedef enum bl_dtype {
  BL_BOOL = 0,
  BL_INT8 = 1,
  BL_INT16 = 2,
  BL_INT32 = 3,
  BL_INT64 = 4,
  BL_UINT8 = 5,
  BL_UINT16 = 6,
  BL_UINT32 = 7,
  BL_UINT64 = 8,
  BL_FLOAT16 = 9,
  BL_BFLOAT16 = 10,
  BL_FLOAT32 = 11,
  BL_FLOAT64 = 12
} bl_dtype;

/* Reductions. Min and max of floating point values are NaN where any rank has NaN. */
typedef enum bl_op { BL_SUM = 0, BL_MIN = 1, BL_MAX = 2 } bl_op;

/* An open group. Made by bl_init, ended by bl_finalize. */
typedef struct bl_group bl_group;

/* What a rank must know to join its group. Fill it with bl_config_init() first; each field that is left as that made it
 * is taken from the environment variable named beside it. Strings are copied by bl_init. */
typedef struct bl_config {
  size_t struct_size;      /* set by bl_config_init; lets the struct grow without breaking callers */
  int32_t rank;            /* BOLTLOOM_RANK */
  int32_t size;            /* BOLTLOOM_WORLD_SIZE */
  int32_t local_rank;      /* BOLTLOOM_LOCAL_RANK */
  int32_t local_size;      /* BOLTLOOM_LOCAL_SIZE */
  const char* hosts;       /* BOLTLOOM_HOSTS: "NAME=IP[,IP...];NAME=IP[,IP...]", one entry per rank */
  const char* backend;     /* BOLTLOOM_BACKEND, "ring" when neither is set */
  const char* coordinator; /* BOLTLOOM_COORDINATOR: "IP:PORT" or "[IPv6]:PORT" */
  const char* token;       /* BOLTLOOM_TOKEN */
  const char* run_id;      /* BOLTLOOM_RUN_ID */
  double timeout;          /* BOLTLOOM_TIMEOUT: seconds, 300 when neither is set. Unset here: 0 */
  /* Called by the thread that waits, about ten times a second while it waits in bl_init or any later call. Returning
   * non-zero ends the call with BL_EABORTED on this rank and, through it, on all others. May be NULL. */
  int (*interrupted)(void* user);
  void* interrupted_user;
} bl_config;

/* Sets every field to "take it from the environment". */
BL_API void bl_config_init(bl_config* config);

/* Joins the group; returns when every rank has. NULL: everything from the environment. A program that was started with
 * none of BOLTLOOM_RANK, BOLTLOOM_WORLD_SIZE and BOLTLOOM_COORDINATOR becomes a group of one. *group is set only on
 * BL_OK. When a rank does not come in time, every rank gets BL_EUNAVAIL with the names of those that are missing. */
BL_API bl_status bl_init(const bl_config* config, bl_group** group);

/* Leaves the group and frees it. Not a collective: others learn that this rank left, and get an error only if they
 * still need it. NULL is allowed. Frees the group even if it does not return BL_OK. */
BL_API bl_status bl_finalize(bl_group* group);

/* This rank, the number of ranks, and the same two among the ranks of this host. -1 when group is NULL. */
BL_API int32_t bl_rank(const bl_group* group);
BL_API int32_t bl_size(const bl_group* group);
BL_API int32_t bl_local_rank(const bl_group* group);
BL_API int32_t bl_local_size(const bl_group* group);

/* The name by which people know the host of a rank; NULL if there is no such rank. Valid until bl_finalize. */
BL_API const char* bl_host_name(const bl_group* group, int32_t rank);

/* The backend that carries the group ("ring"). Valid until bl_finalize. */
BL_API const char* bl_backend(const bl_group* group);

/* out[i] = op over all ranks of in[i]; bit for bit the same on every rank. in == out is allowed, a partial overlap is
 * not. */
BL_API bl_status bl_all_reduce(bl_group* group, const void* in, void* out, size_t count, bl_dtype dtype, bl_op op);

/* out holds size * count elements: out[r * count + i] = in[i] of rank r. in may be this rank's own place in out. */
BL_API bl_status bl_all_gather(bl_group* group, const void* in, void* out, size_t count, bl_dtype dtype);

/* Sends to, or receives from, a neighbour in the ring: rank - 1 or rank + 1, modulo size; another rank is BL_EINVAL.
 * bl_send returns when buffer may be reused, which can be before dst has called bl_recv. Two ranks may both send first
 * and receive then, whatever the size: what arrives meanwhile is kept in memory. Messages between two ranks keep their
 * order; count and dtype must be the same on both sides. */
BL_API bl_status bl_send(bl_group* group, const void* buffer, size_t count, bl_dtype dtype, int32_t dst);
BL_API bl_status bl_recv(bl_group* group, void* buffer, size_t count, bl_dtype dtype, int32_t src);

/* Returns when every rank has called it. */
BL_API bl_status bl_barrier(bl_group* group);

/* Poisons the group on every rank with BL_EABORTED and this reason, and wakes calls that wait. The only function that
 * may be called while another thread is inside a call on the same group. Not for signal handlers. */
BL_API bl_status bl_abort(bl_group* group, const char* reason);

/* Bytes of one element; 0 when dtype is none of the above. */
BL_API size_t bl_dtype_size(bl_dtype dtype);

/* What went wrong in this thread's last call that did not return BL_OK, in one line; "" when none failed. Valid until
 * this thread's next call. */
BL_API const char* bl_last_error(void);

/* The rank that the last error is about, and the name of its host; -1 and "" when it is about none. */
BL_API int32_t bl_last_error_rank(void);
BL_API const char* bl_last_error_host(void);

/* "0.1.0" */
BL_API const char* bl_version(void);

#ifdef __cplusplus
}
#endif
#endif /* BOLTLOOM_BOLTLOOM_H */
