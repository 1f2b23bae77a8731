package io.millrace.benchmarks;

import java.util.List;

/** Something to run that gives figures. */
interface Measurement {
  /** As a table heading, and for {@code --only}. */
  String name();

  /**
   * Runs it.
   *
   * @param stage where contests take place
   * @throws Exception in one line, when there is nothing to say but that
   */
  List<Figure> run(Stage stage) throws Exception;
}
