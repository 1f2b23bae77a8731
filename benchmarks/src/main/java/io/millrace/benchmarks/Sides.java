package io.millrace.benchmarks;

import java.nio.file.Path;

/**
 * The sides that stand against each other, each under a name of its own within a lineup.
 *
 * @param image that all file sides use which go through the page cache, or none of which does
 * @param directImage the same for those that go past it where others do not: to write one file both
 *     ways loses data
 */
record Sides(Peers peers, Path image, Path directImage) {
  static final String MILLRACE = "millrace";
  static final String FIO = "fio-io_uring";

  /** Millrace with one null disk, under our load. */
  Contender nullDisk(String name) {
    return Peers.contender(name, peers.millraceNulls(name, 1));
  }

  Contender malloc(String name) {
    return Peers.contender(name, peers.millraceMalloc(name, Spdk.MALLOC_BYTES));
  }

  Contender file(boolean direct) {
    return Peers.contender(MILLRACE, peers.millraceFile(MILLRACE, image, direct));
  }

  /**
   * Past the page cache, by a server that polls as SPDK's does; beside {@link #file}, which locks
   * its image.
   */
  Contender polledFile() {
    String name = MILLRACE + "-polling";
    return Peers.contender(name, peers.millraceFile(name, directImage, true).with("--poll"));
  }

  Contender fio(boolean direct) {
    return Peers.fio(FIO, image, direct);
  }

  Contender daemonNull() {
    return Peers.contender(Peers.DAEMON, peers.daemonNulls(Peers.DAEMON, 1));
  }

  Contender daemonFile(boolean direct) {
    return Peers.contender(Peers.DAEMON, peers.daemonFile(Peers.DAEMON, image, direct));
  }

  /** Millrace with several null disks under one thread, so many of them busy. */
  Contender nulls(int disks, int active, int depth) {
    String name = "%s-%d-of-%d".formatted(MILLRACE, active, disks);
    return Peers.swarm(
        name, peers.millraceNulls(name, disks), new DiskSwarm.Shape(disks, active, depth));
  }

  /** A disk in memory whose back-end keeps more or less of what it does. */
  Contender tracked(String name, int depth, Tracking tracking) {
    return Peers.swarm(
        name,
        peers.millraceMalloc(name, Spdk.MALLOC_BYTES),
        new DiskSwarm.Shape(1, 1, depth, 0, tracking));
  }

  Contender daemonNulls(int disks, int depth) {
    String name = "%s-%d-of-%d".formatted(Peers.DAEMON, disks, disks);
    return Peers.swarm(
        name, peers.daemonNulls(name, disks), new DiskSwarm.Shape(disks, disks, depth));
  }

  /**
   * Two disks in memory on one core: one busy with small reads, the other with long ones or none.
   * They share bytes, not time: a byte of a long copy takes twice as long, as no cache has it.
   */
  Contender mallocs(String name, int depth, int greedyBytes) {
    return Peers.swarm(
        name,
        peers.millraceMallocs(name, 2, Spdk.MALLOC_BYTES),
        new DiskSwarm.Shape(2, 1, depth, greedyBytes));
  }
}
