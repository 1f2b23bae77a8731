package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;

/** What a guest does with its disk while it moves, and how one sees that it went on. */
final class MovingLoad {
  private static final long MIB = 1 << 20;
  private static final long OFFSET = MIB; // of the region that is filled, in bytes
  private static final long BYTES = 4 * MIB; // of that region

  private MovingLoad() {}

  /**
   * One load that says how far it is, and one that checks each byte it reads, for ever.
   *
   * @param disk the guest's file of it
   * @param features the guest's file of what driver and device agreed on
   */
  static String on(String disk, String features) {
    return """
    await_file DISK
    say "INFO features $(cat FEATURES)"
    checked() {
      while blkload load DISK --offset 33554432 --length 8388608 --seconds 2 --threads 4 >/tmp/load; do
        say "CHECKED $(line /tmp/load)"
      done
      say "FAIL checked load: $(line /tmp/load)"
    }
    checked &
    blkload rounds DISK --offset %d --length %d --threads 4 >&3
    say "FAIL the load ended with exit code $?"
    """
        .formatted(OFFSET, BYTES)
        .replace("DISK", disk)
        .replace("FEATURES", features);
  }

  /** Both loads do, all that was flushed is in the image, and the server has nothing to say. */
  static void assertGoesOn(MovingGuest guest, Path image, MillraceServer server) throws Exception {
    guest.awaitMore("CHECKED"); // the second began where the guest is now
    guest.kill();
    assertThat(guest.report()).noneMatch(line -> line.startsWith("FAIL"));
    SectorPattern.assertHolds(image, OFFSET, BYTES, 1, guest.durableGeneration());
    assertThat(server.terminate()).isZero();
  }
}
