package io.millrace.benchmarks;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;

/** Something to run that gives figures. */
sealed interface Measurement permits Cell, LatencyCell {
  /** As a table heading, and for {@code --only}. */
  String name();

  /**
   * Runs it.
   *
   * @param work folder for sockets and outputs
   * @param rounds how often each side is measured
   * @param progress where to say how far it is
   */
  List<Figure> run(Path work, int rounds, Contest.Timing timing, PrintStream progress)
      throws IOException, InterruptedException;
}
