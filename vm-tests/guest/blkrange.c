/*
 * blkrange: gives back or zeroes a range of a block device, for use inside the test guest.
 *
 *   blkrange discard DEV OFFSET LENGTH   forget the bytes (BLKDISCARD)
 *   blkrange zero    DEV OFFSET LENGTH   zero them, storage kept (BLKZEROOUT: a write-zeroes without the unmap flag)
 *   blkrange punch   DEV OFFSET LENGTH   zero them, storage given back (a hole: a write-zeroes with the flag)
 *
 * Exit: 0 done, 1 wrong use, 4 an I/O error or the device does not do that.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { EXIT_USE = 1, EXIT_IO = 4 };

static int run(const char *verb, int device, uint64_t offset, uint64_t length)
{
  uint64_t range[2] = {offset, length};
  if (!strcmp(verb, "discard"))
    return ioctl(device, BLKDISCARD, range);
  if (!strcmp(verb, "zero"))
    return ioctl(device, BLKZEROOUT, range);
  if (!strcmp(verb, "punch"))
    return fallocate(device, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)length);
  exit(EXIT_USE);
}

int main(int argc, char **argv)
{
  if (argc != 5) {
    puts("usage: blkrange discard|zero|punch DEVICE OFFSET LENGTH");
    return EXIT_USE;
  }
  int device = open(argv[2], O_RDWR | O_CLOEXEC);
  uint64_t offset = strtoull(argv[3], NULL, 0), length = strtoull(argv[4], NULL, 0);
  if (device < 0 || run(argv[1], device, offset, length) || fsync(device)) {
    printf("%s of %s: %s\n", argv[1], argv[2], strerror(errno));
    return EXIT_IO;
  }
  printf("%s: %llu bytes at %llu\n", argv[1], (unsigned long long)length, (unsigned long long)offset);
  return 0;
}
