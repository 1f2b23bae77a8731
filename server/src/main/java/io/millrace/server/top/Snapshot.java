package io.millrace.server.top;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A server's counters at one time. Immutable.
 *
 * @param nanos when, of this process' clock
 * @param pid the server's; another one's counters have nothing to do with these
 * @param version as the server says it
 */
record Snapshot(
    long nanos,
    long pid,
    String version,
    List<Device> devices,
    List<Bdev> bdevs,
    List<Reactor> reactors) {

  /**
   * A vhost controller: what a guest has.
   *
   * @param bdevs the names of those it serves
   */
  record Device(String name, List<String> bdevs, List<Queue> queues) {}

  /**
   * A queue of a device.
   *
   * @param reactor whose thread serves it; null while it does not run
   * @param inFlight requests under way
   * @param mostInFlight most of them at the same time
   * @param stages how long requests were in each; empty where that is not counted
   */
  record Queue(
      int index,
      @Nullable String reactor,
      IoCounters io,
      long kicks,
      long calls,
      long polls,
      long emptyPolls,
      long inFlight,
      long mostInFlight,
      List<Stage> stages) {}

  /**
   * A part of a request's way, since it was first counted.
   *
   * @param count requests
   * @param p50 nanoseconds that half of them took or less; the next three for more of them
   */
  record Stage(String name, long count, long p50, long p90, long p99, long p999) {}

  /** A bdev. */
  record Bdev(String name, IoCounters io) {}

  /**
   * A thread that polls.
   *
   * @param busyNanos in rounds that found work; the next two in others, and asleep
   */
  record Reactor(
      String name,
      long busyNanos,
      long idleNanos,
      long sleepingNanos,
      long rounds,
      long sleeps,
      long wakeUps) {}
}
