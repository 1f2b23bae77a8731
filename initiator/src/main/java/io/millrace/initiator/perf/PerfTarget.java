package io.millrace.initiator.perf;

import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.InitiatorException.Kind;
import io.millrace.virtqueue.VirtioFeature;
import java.nio.file.Path;

/** What to load. Nothing is opened before a run. */
public abstract sealed class PerfTarget permits SocketTarget, ScsiSocketTarget, BdevTarget {
  PerfTarget() {}

  /**
   * A disk behind a vhost-user-blk socket, of whichever back-end.
   *
   * @param path of its socket
   * @param frontend how to connect
   */
  public static PerfTarget socket(Path path, FrontendOptions frontend) {
    return new SocketTarget(path, frontend);
  }

  /**
   * A logical unit behind a vhost-user-scsi socket, of whichever back-end.
   *
   * @param path of its socket
   * @param frontend how to connect
   * @param target 0 to 255
   * @param lun 0 to 16383
   */
  public static PerfTarget scsi(Path path, FrontendOptions frontend, int target, int lun) {
    return new ScsiSocketTarget(path, frontend, target, lun);
  }

  /**
   * A bdev made in this process, for the run alone.
   *
   * @param text {@code malloc:SIZE}, {@code null:SIZE}, or the path of an image or block device
   * @param direct whether to open a file past the page cache
   * @throws IllegalArgumentException in one line, when no bdev can be made of the text
   */
  public static PerfTarget bdev(String text, boolean direct) {
    return BdevTarget.parse(text, direct);
  }

  /**
   * A bdev that somebody else makes for the run.
   *
   * @param text as the user wrote it
   */
  public static PerfTarget bdev(String text, BdevSource source) {
    return BdevTarget.of(text, source);
  }

  /**
   * Opens it.
   *
   * @param dataBytes memory that the jobs will need for data, all together
   */
  abstract LoadDevice open(PerfOptions options, long dataBytes) throws InitiatorException;

  /** How to connect: with packed rings where the options ask for them. */
  static FrontendOptions connecting(FrontendOptions frontend, PerfOptions options) {
    return options.packed() ? frontend.withMoreFeatures(VirtioFeature.RING_PACKED) : frontend;
  }

  /** Packed rings are asked for, and the back-end has none. */
  static InitiatorException noPackedRings(Path path) {
    return new InitiatorException(
        Kind.UNSUPPORTED, path + ": the back-end offers no packed rings; leave out --packed");
  }

  /** As the user wrote it. */
  @Override
  public abstract String toString();
}
