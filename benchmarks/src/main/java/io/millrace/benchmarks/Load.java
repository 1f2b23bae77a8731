package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A program that loads one side and reports on it. */
interface Load {
  /**
   * Starts what stays from round to round and waits until it is ready to be told what to do.
   *
   * @param name of the side
   * @param work folder for files and outputs
   */
  Session start(String name, Path work) throws IOException, InterruptedException;

  /** Whether it measures whole seconds only. */
  default boolean inWholeSeconds() {
    return false;
  }

  /** One that has been started. It may be stopped at any time but for {@link #close}. */
  interface Session extends AutoCloseable {
    /** What runs now. */
    List<Child> processes();

    /**
     * Tells it to measure; called while it is stopped. Without a report in time or with a wrong one
     * it is done for.
     *
     * @param leadIn to run before it measures, where it can
     * @param run to measure, of wall time
     */
    void begin(Workload workload, Duration leadIn, Duration run)
        throws IOException, InterruptedException;

    /**
     * What it says about the measurement that was begun; null while it has not come to that.
     *
     * @throws IOException in one line, when it died, or said something that is no report
     */
    @Nullable FioReport poll() throws IOException;

    @Override
    void close() throws IOException;
  }
}
