package io.millrace.initiator.perf;

/** A result as text. */
public final class PerfReport {
  private PerfReport() {}

  /**
   * fio's {@code --output-format=json}, field for field where there is something to tell.
   *
   * @param version of Millrace, in place of fio's
   */
  public static String json(PerfResult result, String version) {
    return new JsonReport(result).text(version);
  }

  /** fio's {@code --output-format=normal}: for a reader. */
  public static String text(PerfResult result) {
    return new TextReport(result).text();
  }
}
