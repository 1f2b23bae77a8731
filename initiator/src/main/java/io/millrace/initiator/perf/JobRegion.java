package io.millrace.initiator.perf;

/**
 * The part of the disk that one job uses.
 *
 * @param startBytes where it begins
 * @param blocks how many requests it has room for, 1 or more
 * @param blockBytes bytes of each
 */
record JobRegion(long startBytes, long blocks, int blockBytes) {
  long offset(long block) {
    return startBytes + block * blockBytes;
  }

  long endBytes() {
    return offset(blocks);
  }

  /**
   * The part of the disk of a job.
   *
   * @param job from 0
   * @param diskBytes the disk's capacity
   * @throws IllegalArgumentException in one line, when the disk has no such part
   */
  static JobRegion of(PerfOptions options, int job, long diskBytes) {
    int block = options.blockBytes();
    long offset = options.offset().of(diskBytes);
    long increment = options.offsetIncrement().of(diskBytes);
    if (options.offset().percent()) {
      offset -= offset % block;
    }
    if (options.offsetIncrement().percent()) {
      increment -= increment % block;
    }
    if (increment > (Long.MAX_VALUE - offset) / PerfOptions.MAX_JOBS) {
      throw new IllegalArgumentException("--offset_increment is beyond any disk");
    }
    long start = offset + job * increment;
    if (start >= diskBytes) {
      throw new IllegalArgumentException(
          "--offset of job %d is %d, the disk has %d bytes".formatted(job, start, diskBytes));
    }
    long rest = diskBytes - start;
    long size = options.size().isZero() ? rest : options.size().of(diskBytes);
    if (size < block) {
      throw new IllegalArgumentException(
          "--bs is %d, --size leaves room for %d bytes".formatted(block, size));
    }
    if (size > rest) {
      throw new IllegalArgumentException(
          start == 0
              ? "--size is %d bytes, the disk has %d".formatted(size, diskBytes)
              : "--size is %d bytes, the disk has %d from %d on".formatted(size, rest, start));
    }
    return new JobRegion(start, size / block, block);
  }
}
