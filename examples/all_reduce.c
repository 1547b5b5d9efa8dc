/* SPDX-License-Identifier: Apache-2.0 */
/* Sums an array over all ranks with the C interface.
 *
 *     boltloom launch -n 4 -- ./all_reduce_c
 */
#include <boltloom/boltloom.h>
#include <stdio.h>

enum { count = 1000 };

static int fail(const char* what) {
  fprintf(stderr, "all_reduce: %s: %s\n", what, bl_last_error());
  return 1;
}

static int sum_and_check(bl_group* group) {
  static float mine[count];
  static float total[count];
  const int rank = bl_rank(group);
  const int size = bl_size(group);
  const float right = (float)(size * (size + 1) / 2);
  for (int i = 0; i < count; ++i) {
    mine[i] = (float)(rank + 1);
  }
  if (bl_all_reduce(group, mine, total, count, BL_FLOAT32, BL_SUM) != BL_OK) {
    return fail("the sum");
  }
  for (int i = 0; i < count; ++i) {
    if (total[i] != right) {
      fprintf(stderr, "rank %d: element %d is %g and should be %g\n", rank, i, total[i], right);
      return 1;
    }
  }
  printf("rank %d on %s: the sum over %d ranks is %g ok\n", rank, bl_host_name(group, rank), size, right);
  return 0;
}

int main(void) {
  bl_group* group = NULL;
  if (bl_init(NULL, &group) != BL_OK) {
    return fail("joining the group");
  }
  const int result = sum_and_check(group);
  bl_finalize(group);
  return result;
}
