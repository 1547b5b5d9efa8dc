/* SPDX-License-Identifier: Apache-2.0 */
/* The C interface as a C program sees it: a group of one. */
#include <boltloom/boltloom.h>
#include <stdio.h>
#include <string.h>

static int failures = 0;
static void expect(int condition, const char* what) {
  if (condition) return;
  printf("failed: %s (%s)\n", what, bl_last_error());
  ++failures;
}

int main(void) {
  bl_group* group = NULL;
  const double in[3] = {1, 2, 3};
  double out[3] = {0, 0, 0};
  expect(bl_init(NULL, &group) == BL_OK, "bl_init");
  expect(bl_rank(group) == 0 && bl_size(group) == 1, "rank and size");
  expect(bl_local_rank(group) == 0 && bl_local_size(group) == 1, "local rank and size");
  expect(strlen(bl_host_name(group, 0)) > 0, "bl_host_name");
  expect(bl_host_name(group, 1) == NULL, "bl_host_name of nobody");
  expect(strcmp(bl_backend(group), "ring") == 0, "bl_backend");
  expect(bl_all_reduce(group, in, out, 3, BL_FLOAT64, BL_SUM) == BL_OK && out[2] == 3, "bl_all_reduce");
  out[0] = 0;
  expect(bl_all_gather(group, in, out, 3, BL_FLOAT64) == BL_OK && out[0] == 1, "bl_all_gather");
  expect(bl_barrier(group) == BL_OK, "bl_barrier");
  expect(bl_send(group, in, 3, BL_FLOAT64, 0) == BL_EINVAL, "bl_send to oneself");
  expect(strlen(bl_last_error()) > 0 && bl_last_error_rank() == -1, "bl_last_error");
  expect(bl_recv(NULL, out, 3, BL_FLOAT64, 0) == BL_EINVAL, "bl_recv without a group");
  expect(bl_abort(group, "enough") == BL_OK, "bl_abort");
  expect(bl_barrier(group) == BL_EABORTED && strcmp(bl_last_error(), "enough") == 0, "poisoned");
  expect(bl_finalize(group) == BL_OK && bl_finalize(NULL) == BL_OK, "bl_finalize");
  expect(bl_dtype_size(BL_BFLOAT16) == 2 && bl_dtype_size((bl_dtype)99) == 0, "bl_dtype_size");
  expect(strcmp(bl_version(), "0.1.0") == 0, "bl_version");
  return failures;
}
