package io.millrace.server.top;

/** By what a list is sorted: the largest first, but for names. */
public enum Sort {
  /** Requests a second; of reactors, how busy they are. */
  IOPS("IOPS"),
  /** Bytes a second. */
  BANDWIDTH("bandwidth"),
  /** Mean time of a request. */
  LATENCY("latency"),
  /** From a to z, and vm2 before vm10. */
  NAME("name");

  private final String title;

  Sort(String title) {
    this.title = title;
  }

  String title() {
    return title;
  }
}
